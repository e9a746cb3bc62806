"""What is wrong with a configuration tree, a message of the peer, or a request to synchronize."""

from hadaemon.errors import HadaemonError


class SyncError(HadaemonError):
    """One clear sentence: what, where, what to do."""
