"""What is wrong with an installation, before or while it is made."""

from hadaemon.errors import HadaemonError


class InstallError(HadaemonError):
    """The disk cannot be taken, or what was written is not there."""
