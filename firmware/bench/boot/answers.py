"""What a booted machine is asked, and what its answers mean.

Moments are seconds of the guest's monotonic clock.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

CLOCK = 'for turn in 1 2 3 4 5; do read -r up _ </proc/uptime; echo "uptime $up" >/dev/ttyS0; sleep 0.2; done'
"""Has the guest say its time on the serial line, where it is heard at once."""
CLOCK_SAID = r"^uptime (\d+\.\d+)\r?$"
INIT = "dmesg | grep 'Run /init as init process'"
"""Not asked of the journal, which knows when it got to read that."""
MANAGER = "systemctl show --property=UserspaceTimestampMonotonic,FinishTimestampMonotonic"
UNITS = (
    "systemctl show --all '*' --property=Id,CPUUsageNSec,InactiveExitTimestampMonotonic,"
    "ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic,InactiveEnterTimestampMonotonic"
)

_STAMP = re.compile(r"^\[ *(\d+\.\d+)\]", re.MULTILINE)
_CHANGE = re.compile(r"^\[ *(\d+\.\d+)\] [^:]*: (\w+) -> (\w+): ", re.MULTILINE)
CHAIN = "SYSTEMD_COLORS=0 systemd-analyze critical-chain --no-pager"
_SAID = "journalctl --boot --unit=hadaemon --output=short-monotonic --no-pager --grep"
COMPLETE = f"{_SAID}='all of the other node.s are here'"
STATES = f"{_SAID}=' -> '"
READY = f"{_SAID}='is ready to take over'"
_UNKNOWN = 1 << 60
"""systemd's word for "no figure" is a number above that."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How a unit of the service manager came up."""

    name: str
    begin: float
    """When it began to."""
    end: float
    """When it was there, or was done."""
    processor: float
    """Processor-seconds of all its processes until it was asked; 0 where nobody counts."""

    @property
    def seconds(self) -> float:
        """How long it took, as `systemd-analyze blame` has it."""
        return self.end - self.begin


def init_started(answer: str) -> float:
    """When the kernel started the initrd's first program; `answer` is that to INIT."""
    found = _STAMP.search(answer)
    if found is None:
        raise ValueError(f"the kernel's messages do not say when it ran /init: {answer!r}")
    return float(found[1])


def manager_moments(answer: str) -> tuple[float, float]:
    """When systemd started, and when all of the boot's units were there; `answer` is that to MANAGER."""
    values = _properties(answer)
    return int(values["UserspaceTimestampMonotonic"]) / 1e6, int(values["FinishTimestampMonotonic"]) / 1e6


def units(answer: str) -> tuple[Unit, ...]:
    """The units that came up, in the order of their beginning; `answer` is that to UNITS.

    A slice adds up what is in it. It is kept where it is the only trace of a template's instances: systemd
    forgets those that ended.
    """
    blocks = (_unit(_properties(block)) for block in answer.replace("\r", "").split("\n\n"))
    found = [unit for unit in blocks if unit]
    names = [unit.name for unit in found]
    kept = (unit for unit in found if not unit.name.endswith(".slice") or _has_forgotten(unit.name, names))
    return tuple(sorted(kept, key=lambda unit: (unit.begin, unit.name)))


def state_changes(answer: str) -> dict[str, float]:
    """When hadaemon first came to each state; `answer` is that to STATES."""
    changes: dict[str, float] = {}
    for moment, _, state in _CHANGE.findall(answer):
        changes.setdefault(state, float(moment))
    return changes


def stamps(answer: str) -> list[float]:
    """When each line was said; `answer` is that to READY or COMPLETE."""
    return [float(stamp) for stamp in _STAMP.findall(answer)]


def chain(answer: str) -> str:
    """The units from the last one back to the first, with its moments; `answer` is that to CHAIN."""
    return answer.replace("\r", "").partition("\n\n")[2].strip()


def _unit(values: dict[str, str]) -> Unit | None:
    if "Id" not in values:
        return None
    begin, active, left, inactive = (
        int(values.get(f"{name}TimestampMonotonic") or 0) / 1e6
        for name in ("InactiveExit", "ActiveEnter", "ActiveExit", "InactiveEnter")
    )
    # A job that ends without ever being active has only the moment of its end.
    end = next((moment for moment in (active, left, inactive) if moment >= begin), 0.0)
    if not begin or not end:
        return None
    return Unit(values["Id"], begin, end, _nanoseconds(values.get("CPUUsageNSec", "")) / 1e9)


def _has_forgotten(name: str, names: Iterable[str]) -> bool:
    template = name.removeprefix("system-").removesuffix(".slice").replace(r"\x2d", "-")
    named = name.startswith("system-") and name != "system-.slice"
    return named and not any(other.startswith(f"{template}@") for other in names)


def _nanoseconds(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) < _UNKNOWN else 0


def _properties(text: str) -> dict[str, str]:
    lines: Iterable[str] = text.splitlines()
    return dict(line.strip().split("=", 1) for line in lines if "=" in line)
