"""What the daemon and the root helper of the services say to each other: one JSON object a line, each way."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hadaemon.follow.exits import said_by
from hadaemon.follow.kept_unit import Seen
from hadaemon.status.service_phase import Phase

Message: TypeAlias = dict[str, Any]

MAX_LINE = 1 << 20
PROPERTIES = (
    *("LoadState", "LoadError", "ActiveState", "SubState", "Result", "ExecMainStatus", "InvocationID"),
    "ReloadResult",
)
"""Of a unit, as systemd names them."""
_PHASES = {
    "active": Phase.UP,
    "reloading": Phase.UP,
    "refreshing": Phase.UP,
    "inactive": Phase.DOWN,
    "maintenance": Phase.DOWN,
    "failed": Phase.FAILED,
    "activating": Phase.STARTING,
    "deactivating": Phase.STOPPING,
}


def units_of(text: str, units: Sequence[str]) -> Message:
    """`systemctl show` of units, in the same order: its properties by unit."""
    blocks = text.strip("\n").split("\n\n")
    found = {}
    for unit, block in zip(units, blocks, strict=False):
        pairs = (line.partition("=") for line in block.splitlines())
        found[unit] = {key: value for key, _, value in pairs if key in PROPERTIES}
    return found


def seen_of(unit: str, properties: Mapping[str, Any]) -> Seen:
    """A look at a unit."""
    loaded = str(properties.get("LoadState", ""))
    if loaded != "loaded":
        return Seen(Phase.ABSENT, why=loaded or "nothing is known of it")
    phase = _PHASES.get(str(properties.get("ActiveState", "")), Phase.DOWN)
    if phase is Phase.STARTING and properties.get("SubState") == "auto-restart":
        phase = Phase.FAILED
    result, status = (str(properties.get(key, "")) for key in ("Result", "ExecMainStatus"))
    stale = properties.get("ReloadResult", "success") not in ("", "success")
    return Seen(phase, str(properties.get("InvocationID", "")), said_by(unit, result, status), stale)
