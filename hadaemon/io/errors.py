"""What can go wrong at the edge, as domain errors: a failed effect comes back to the node as an event."""

from hadaemon.errors import HadaemonError


class EdgeError(HadaemonError):
    """An outside system refused or failed."""


class NetlinkError(EdgeError):
    """The kernel refused a netlink request."""

    def __init__(self, what: str, code: int, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.code = code
        """errno."""


class PortError(EdgeError):
    """A port cannot be used now: absent, down, or its socket failed."""


class ControlError(EdgeError):
    """The control socket: the daemon cannot be reached, or its answer is no answer."""


class HelperError(EdgeError):
    """The privileged helper cannot be reached or refused."""


class FileError(EdgeError):
    """A file cannot be read or written."""
