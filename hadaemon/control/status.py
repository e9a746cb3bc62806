"""The answer to `status`: all that a node tells of itself."""

from dataclasses import dataclass, field

from hadaemon.alarms.status import AlarmsStatus
from hadaemon.status.flat import FLAT
from hadaemon.status.status import Status


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The node, and its alarms."""

    node: Status = field(metadata=FLAT)
    alarms: AlarmsStatus
