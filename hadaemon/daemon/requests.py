"""What an administrator asks of the node, from the control socket's messages to events."""

from hadaemon.cluster import MaintenanceRequested, NodeState, ResumeRequested, SwitchRequested
from hadaemon.cluster.requests import Request
from hadaemon.io.sockets.control_client import Message

_MAX_DIGEST = 128


def parse_request(message: Message) -> Request:
    """Raises ValueError for a message that no `hactl` sends."""
    forced = _flag(message, "force")
    match message.get("command"):
        case "switch":
            return SwitchRequested(forced)
        case "maintenance":
            if "on" not in message:
                raise ValueError("maintenance: on is missing")
            return MaintenanceRequested(_flag(message, "on"), forced)
        case "resume":
            return ResumeRequested()
        case command:
            raise ValueError(f"{command!r} is no request to the node")


def parse_upgrade(message: Message) -> tuple[str, str]:
    """The version to upgrade to, and the digest of its bundle. Raises ValueError."""
    target, digest = message.get("target"), message.get("digest")
    if not isinstance(target, str) or not isinstance(digest, str) or not target or not digest:
        raise ValueError("upgrade: target and digest are wanted")
    if not (target + digest).isascii() or not (target + digest).isprintable() or len(digest) > _MAX_DIGEST:
        raise ValueError("upgrade: target and digest are no version and no digest")
    return target, digest


def gives_up(request: Request, state: NodeState) -> bool:
    """Whether an active node is to hand over."""
    match request:
        case SwitchRequested():
            return state is NodeState.ACTIVE
        case MaintenanceRequested(on):
            return on and state is NodeState.ACTIVE
        case _:
            return False


def _flag(message: Message, name: str) -> bool:
    value = message.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name}: true or false is wanted")
    return value
