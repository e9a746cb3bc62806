"""What booted machines answer, read."""

import pytest

from firmware.bench.boot.answers import (
    chain,
    init_started,
    manager_moments,
    stamps,
    state_changes,
    units,
)

UNITS = """\
Id=late.service
CPUUsageNSec=2500000000
InactiveExitTimestampMonotonic=20000000
ActiveEnterTimestampMonotonic=26500000
ActiveExitTimestampMonotonic=0
InactiveEnterTimestampMonotonic=0

Id=done.service
CPUUsageNSec=[not set]
InactiveExitTimestampMonotonic=10000000
ActiveEnterTimestampMonotonic=0
ActiveExitTimestampMonotonic=0
InactiveEnterTimestampMonotonic=11000000

Id=never.service
CPUUsageNSec=18446744073709551615
InactiveExitTimestampMonotonic=0
ActiveEnterTimestampMonotonic=0
ActiveExitTimestampMonotonic=0
InactiveEnterTimestampMonotonic=0

Id=waits.service
InactiveExitTimestampMonotonic=5000000
ActiveEnterTimestampMonotonic=0
ActiveExitTimestampMonotonic=0
InactiveEnterTimestampMonotonic=0
"""


def test_units_are_those_that_came_up_in_their_order():
    found = units(UNITS)
    assert [unit.name for unit in found] == ["done.service", "late.service"]
    assert [unit.seconds for unit in found] == [1.0, 6.5]
    assert [unit.processor for unit in found] == [0.0, 2.5]


def test_a_console_has_carriage_returns():
    assert units(UNITS.replace("\n", "\r\n")) == units(UNITS)


def test_the_manager_says_when_it_began_and_when_all_was_there():
    answer = "UserspaceTimestampMonotonic=12500000\nFinishTimestampMonotonic=60000000\n"
    assert manager_moments(answer) == (12.5, 60.0)


def test_the_kernel_says_when_it_ran_the_initrd():
    assert init_started("[    7.250000] Run /init as init process\n") == 7.25
    with pytest.raises(ValueError, match="when it ran /init"):
        init_started("")


def test_each_state_is_there_from_its_first_time_on():
    lines = [
        "[   57.120000] beta hadaemon[612]: initialize -> backup: the daemon has started",
        "[   61.000000] beta hadaemon[612]: port lan -> eth0: no state",
        "[   61.500000] beta hadaemon[612]: backup -> active: nobody is heard",
        "[   70.000000] beta hadaemon[612]: active -> backup: alpha is preferred",
    ]
    assert state_changes("\n".join(lines)) == {"backup": 57.12, "active": 61.5}


def test_a_slice_stands_for_the_instances_that_systemd_has_forgotten():
    def unit(name: str) -> str:
        stamps = "InactiveExitTimestampMonotonic=5000000\nActiveEnterTimestampMonotonic=5000000\n"
        return f"Id={name}\nCPUUsageNSec=1000000000\n{stamps}"

    names = [
        "system.slice",
        "user.slice",
        r"system-hadaemon\x2dhelper.slice",
        r"system-serial\x2dgetty.slice",
        "serial-getty@ttyS0.service",
    ]
    kept = [unit.name for unit in units("\n".join(map(unit, names)))]
    assert kept == ["serial-getty@ttyS0.service", r"system-hadaemon\x2dhelper.slice"]


def test_a_pair_is_ready_when_its_active_node_says_so():
    assert stamps("[   80.500000] alpha hadaemon[600]: beta is ready to take over, and …\n") == [80.5]
    assert stamps("-- No entries --\n") == []


def test_the_chain_comes_without_its_explanation():
    told = "The time when …\nThe time the unit …\n\nhadaemon.service @40s +7s\n└─basic.target @30s\n"
    assert chain(told) == "hadaemon.service @40s +7s\n└─basic.target @30s"
