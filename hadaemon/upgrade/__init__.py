"""Firmware: which bundle may be installed, a slot on trial, and a pair upgraded as one transaction. Pure."""
