"""The kernel's process accounting, read."""

import base64
import struct
from pathlib import Path

from firmware.bench.boot.programs import (
    Process,
    boot_moment,
    credentials,
    ended,
    programs,
    running,
    write_overlay,
)


def record(name: str, user: int, system: int = 0, flag: int = 0) -> bytes:
    """A struct acct_v3, with its times in comp_t."""
    times = (user, system, 0, 0, 0, 0, 0, 0)
    return struct.pack(
        "<BBHIIIIIIf8H16s", flag, 3, 0, 0, 0, 0, 9, 1, 1_700_000_000, 0.0, *times, name.encode()
    )


def test_who_has_ended_has_a_name_and_processor_seconds():
    data = (
        record("perl", 9)
        + record("helper", 150, 25)
        + record("sh", 3, flag=1)
        + record("rauc", (1 << 13) | 100)
        + b"half"
    )
    assert list(ended(base64.b64encode(data).decode())) == [
        Process("helper", 1_700_000_000, 1.75),
        Process("rauc", 1_700_000_000, 8.0),
    ]


def test_who_is_there_is_known_by_its_stat():
    def stat(number: int, name: str, parent: int, ticks: int, begin: int) -> str:
        fields = ["S", str(parent), *["0"] * 9, str(ticks), "50", *["0"] * 6, str(begin), "0"]
        return f"{number} ({name}) {' '.join(fields)}\n"

    answer = stat(1, "systemd", 0, 450, 0) + stat(2, "kthreadd", 0, 1, 0) + stat(9, "kworker/0:1", 2, 9, 0)
    answer += stat(600, "a (b) c", 1, 150, 1250)
    assert list(running(answer, 1000.0)) == [Process("systemd", 1000.0, 5.0), Process("a (b) c", 1012.5, 2.0)]


def test_programs_are_counted_by_name_up_to_the_end():
    processes = [
        Process("setup", 10.0, 3.0),
        Process("modprobe", 11.0, 0.5),
        Process("modprobe", 12.0, 0.25),
        Process("python3", 12.0, 1.0),
        Process("login", 99.0, 9.0),
    ]
    found = programs(processes, 50.0, "setup\nhactl\n")
    assert [(p.name, p.starts, p.processor, p.python) for p in found] == [
        ("setup", 1, 3.0, True),
        ("python3", 1, 1.0, True),
        ("modprobe", 2, 0.75, False),
    ]


def test_the_boot_is_where_the_uptime_was_nothing():
    assert boot_moment("1700000100.5 100.50\n") == 1_700_000_000.0


def test_what_the_machine_is_given_has_no_comma_that_qemu_would_cut_at():
    arguments = credentials()
    assert arguments[::2] == ("-smbios",) * 2
    assert all(argument.count(",") == 1 for argument in arguments[1::2])


def test_an_image_is_built_with_the_unit_and_its_start(tmp_path: Path):
    write_overlay(tmp_path)
    [wanted] = tmp_path.glob("usr/lib/systemd/system/sysinit.target.wants/*")
    assert wanted.is_symlink()
    assert "ExecStart=" in wanted.read_text()
