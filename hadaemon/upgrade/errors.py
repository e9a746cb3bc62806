"""What is wrong with an update, or with the moment for it."""

from hadaemon.errors import HadaemonError


class UpgradeError(HadaemonError):
    """A bundle or a node that an update is refused for; one sentence."""


class BusyError(UpgradeError):
    """Something else is under way on this node: later it may be done."""
