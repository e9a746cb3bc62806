"""Which programs a boot starts, and what each costs: the kernel's process accounting, in a boot of its own.

A small unit switches it on before the first other unit. Debian gets it from outside, as a credential; an
image of ours takes no units from there and is built with it. What the initrd and systemd's generators start
is not in it. That boot is no measurement of time.
"""

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FILE = "/run/bench-acct"
_UNIT = "bench-acct.service"
_UNIT_TEXT = f"""\
[Unit]
DefaultDependencies=no
Before=systemd-journald.service systemd-udevd.service systemd-modules-load.service systemd-sysctl.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c ': >{_FILE}; \\
    if command -v perl >/dev/null; then exec perl -e "syscall(163, shift) == 0 or die" {_FILE}; fi; \\
    exec python3 -ISc "import ctypes; assert ctypes.CDLL(None).acct(b\\\\"{_FILE}\\\\") == 0"'
"""
"""acct(2) by what is there: Debian has Perl, ours has Python."""
_TARGET = "sysinit.target"
"""What wants the unit."""
_DROPIN = f"[Unit]\nWants={_UNIT}\n"

RECORDS = f"base64 -w0 {_FILE}"
RUNNING = "cat /proc/[0-9]*/stat 2>/dev/null"
CLOCKS = 'read -r up _ </proc/uptime; echo "$(date +%s.%N) $up"'
SCRIPTS = "grep -lIs '^#!.*python3' /usr/bin/* /usr/sbin/* /usr/local/bin/* /usr/libexec/*/* | sed 's,.*/,,'"
"""Programs that are Python, by the names that their processes have."""

_RECORD = struct.Struct("<BBHIIIIIIf8H16s")
"""struct acct_v3 of linux/acct.h, see acct(5)."""
_NAME_SIZE = 15
_FORKED_ONLY = 0x01
_TICKS = 100.0
_KTHREADD = 2


@dataclass(frozen=True, slots=True)
class Process:
    """A process with a program of its own."""

    name: str
    begin: float
    """Seconds since 1970 by the guest's clock, in whole ones where it has ended."""
    processor: float
    """Processor-seconds, its own."""


@dataclass(frozen=True, slots=True)
class Program:
    """All processes of a name."""

    name: str
    starts: int
    processor: float
    python: bool


def credentials() -> tuple[str, ...]:
    """QEMU's arguments that switch the accounting on in Debian."""
    texts = {f"systemd.extra-unit.{_UNIT}": _UNIT_TEXT, f"systemd.unit-dropin.{_TARGET}": _DROPIN}
    return tuple(
        argument
        for name, text in texts.items()
        for argument in (
            "-smbios",
            f"type=11,value=io.systemd.credential.binary:{name}={base64.b64encode(text.encode()).decode()}",
        )
    )


def write_overlay(folder: Path) -> None:
    """What an image of ours is built with to switch the accounting on. (Not in /etc, where the build disables
    whatever its presets do not name.)"""
    units = folder / "usr/lib/systemd/system"
    wanted = units / f"{_TARGET}.wants"
    wanted.mkdir(parents=True)
    (units / _UNIT).write_text(_UNIT_TEXT, encoding="utf-8")
    (wanted / _UNIT).symlink_to(f"../{_UNIT}")


def ended(answer: str) -> Iterable[Process]:
    """Who has ended, but the first, who switched it on; `answer` is that to RECORDS.

    Raises:
        ValueError: nobody was counted.
    """
    data = base64.b64decode(answer)
    if not data:
        raise ValueError(f"the kernel has written nothing to {_FILE}: {_UNIT} has failed")
    for start in range(_RECORD.size, len(data) - _RECORD.size + 1, _RECORD.size):
        flag, _, _, _, _, _, _, _, begin, _, user, system, *_, name = _RECORD.unpack_from(data, start)
        if not flag & _FORKED_ONLY:
            yield Process(_text(name), begin, (_compressed(user) + _compressed(system)) / _TICKS)


def running(answer: str, boot: float) -> Iterable[Process]:
    """Who is there, but kernel threads; `answer` is that to RUNNING, `boot` when the guest's uptime was 0."""
    for line in answer.splitlines():
        number, _, rest = line.partition(" (")
        name, _, fields = rest.rpartition(") ")
        values = fields.split()
        if _KTHREADD not in (int(number), int(values[1])):
            yield Process(name, boot + int(values[19]) / _TICKS, (int(values[11]) + int(values[12])) / _TICKS)


def boot_moment(answer: str) -> float:
    """When the guest's uptime was 0; `answer` is that to CLOCKS."""
    now, up = map(float, answer.split())
    return now - up


def programs(processes: Iterable[Process], until: float, scripts: str) -> tuple[Program, ...]:
    """Those that began until then, by name, the dearest first; `scripts` is the answer to SCRIPTS."""
    python = {name[:_NAME_SIZE] for name in scripts.split()}
    found: dict[str, list[float]] = {}
    for process in processes:
        if process.begin <= until:
            found.setdefault(process.name, []).append(process.processor)
    named = (
        Program(name, len(spent), sum(spent), name in python or name.startswith("python3"))
        for name, spent in found.items()
    )
    return tuple(sorted(named, key=lambda program: (-program.processor, program.name)))


def _compressed(value: int) -> int:
    """A comp_t of acct(5): 13 bits, and how often they are shifted by three."""
    return int((value & 0x1FFF) << 3 * (value >> 13))


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode(errors="replace")
