"""Why a unit ended, in words. Pure."""

from hadaemon.follow.follower import DIAL_IN

_PPPD = {
    "8": "nobody answers at this port",
    "10": "the other end does not agree to a connection",
    "15": "the other end does not answer any more",
    "16": "the other end has hung up, or does not answer any more",
    "19": "the other end refuses user or password",
}
"""pppd(8), EXIT STATUS."""


def said_by(unit: str, result: str, status: str) -> str:
    """From systemd's `Result` and the exit status of the main process; empty: there is nothing to say."""
    if unit.startswith(DIAL_IN) and status in _PPPD:
        return _PPPD[status]
    return "" if result in ("", "success") else result
