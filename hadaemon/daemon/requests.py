"""What an administrator asks of the node: from requests to events."""

from typing import assert_never

from hadaemon.cluster import MaintenanceRequested, NodeState, ResumeRequested, SwitchRequested
from hadaemon.cluster.requests import Request
from hadaemon.control.requests import Maintenance, NodeRequest, Resume, Switch


def event_of(request: NodeRequest) -> Request:
    """For the node."""
    match request:
        case Switch(force):
            return SwitchRequested(force)
        case Maintenance(on, force):
            return MaintenanceRequested(on, force)
        case Resume():
            return ResumeRequested()
        case _:
            assert_never(request)


def gives_up(request: Request, state: NodeState) -> bool:
    """Whether an active node is to hand over."""
    match request:
        case SwitchRequested():
            return state is NodeState.ACTIVE
        case MaintenanceRequested(on):
            return on and state is NodeState.ACTIVE
        case _:
            return False
