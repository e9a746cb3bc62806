"""Sends alarms. An unprivileged process of its own: the daemon loads no TLS and waits for nobody."""
