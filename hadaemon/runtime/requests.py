"""What an administrator asks of the node, from the control socket's messages to events."""

from hadaemon.cluster import MaintenanceRequested, NodeState, ResumeRequested, SwitchRequested
from hadaemon.cluster.requests import Request
from hadaemon.io.control_client import Message


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
