"""The base of every error that this package raises on purpose."""


class HadaemonError(Exception):
    """An expected failure with a message for the administrator: what, where, what to do."""
