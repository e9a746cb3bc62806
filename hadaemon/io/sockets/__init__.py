"""Local sockets: control, helpers, service manager, journal."""
