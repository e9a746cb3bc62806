"""The labs of the QEMU tests: one pair, booted once and shared, and labs of a test's own.

After every failure the logs, journals and captures of all open labs are kept in the artifacts folder and
named in the report.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.lab.client import Watch
from firmware.lab.command import Firmware, StickBus
from firmware.lab.deadline import Deadline, timeout_multiplier
from firmware.lab.errors import LabError, MissingCapability
from firmware.lab.images import raw_image
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.topology import STANDARD_PAIR, Topology
from firmware.paths import ARTIFACTS

BOARD = "generic-x86_64"
VERSION = "2.0.0"
"""Of the update that the tests install."""
VIRTUAL = {"client": IPv4Address("192.168.12.1"), "router": IPv4Address("192.168.175.101")}
PORTS = {"client": "lan", "router": "wan"}
READY_SECONDS = 240.0
MOVE_SECONDS = 60.0
"""A takeover: three advertisements of one second, on emulated processors that may be busy booting."""
CONFLICT_SECONDS = 1.0
"""Handing over is no conflict: a preempting node is heard, and then the other lets go. Usually it is 0."""


class Labs:
    """All labs that are open, so that a failure can collect the traces of each."""

    def __init__(self) -> None:
        self.open: list[Lab] = []
        self.pair_failure = ""
        """Why the shared pair is of no use any more: every other test would only wait in vain."""

    def make(self, topology: Topology, options: LabOptions) -> Lab:
        """Opens a lab; skips (which counts as a failure) when this machine lacks something."""
        try:
            lab = Lab(topology, options)
        except MissingCapability as error:
            pytest.skip(str(error))
        self.open.append(lab)
        return lab

    def close(self, lab: Lab) -> None:
        """Ends a lab."""
        self.open.remove(lab)
        lab.close()


LABS = Labs()
MEASURED: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that do not use the shared pair come first: it takes a processor even when nothing happens."""
    items.sort(key=lambda item: "booted_pair" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed and LABS.open:
        folder = ARTIFACTS / "qemu" / re.sub(r"[^\w.-]+", "_", item.name)
        for number, lab in enumerate(LABS.open):
            lab.save_artifacts(folder / f"lab-{number}")
        report.sections.append(("artifacts", f"kept in {folder}"))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MEASURED:
        terminalreporter.section("measured")
    for line in MEASURED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def report_line() -> Callable[[str], None]:
    """Puts what was measured, and is not asserted, into the report of the run and at once into a file of the
    artifacts."""

    def add(line: str) -> None:
        MEASURED.append(line)
        with (ARTIFACTS / "qemu-measured.txt").open("a") as file:
            file.write(f"{line}\n")

    return add


@pytest.fixture(scope="session")
def image() -> Path:
    return raw_image(BOARD)


@pytest.fixture(scope="session")
def bundle() -> Path:
    """A version that is newer than `dev`, otherwise the same."""
    return build_image(BuildOptions(board=BOARD, version=VERSION)).bundle


@pytest.fixture(scope="session")
def labs() -> Labs:
    return LABS


@pytest.fixture(scope="session")
def booted_pair(labs: Labs, image: Path) -> Iterator[Lab]:
    """Both nodes after their first boot: alpha by BIOS, beta by UEFI from a write-protected USB stick.

    alpha has its cards in the opposite order, so that the kernel's names mean nothing. No node is suspended
    for the many switches of these tests.
    """
    alpha, beta = STANDARD_PAIR.nodes
    assert STANDARD_PAIR.cluster
    topology = replace(
        STANDARD_PAIR,
        nodes=(replace(alpha, ports=tuple(reversed(alpha.ports))), beta),
        cluster=replace(STANDARD_PAIR.cluster, flap_switches=0),
    )
    usb = NodeOptions(Firmware.UEFI, StickBus.USB, stick_read_only=True, slots=True)
    lab = labs.make(topology, LabOptions(image, NodeOptions(slots=True), special={"beta": usb}))
    for node in lab.nodes.values():
        node.power_on()
    yield lab
    labs.close(lab)


@pytest.fixture(scope="session")
def quiet_pair(booted_pair: Lab) -> Lab:
    """The shared pair once it is up, for tests that change nothing and do not care who is active."""
    booted_pair.node("alpha").wait_for_state("active", READY_SECONDS)
    booted_pair.node("beta").wait_for_state("backup", READY_SECONDS)
    return booted_pair


@pytest.fixture
def pair(booted_pair: Lab) -> Lab:
    """The shared pair, as it should be: all on, all plugged, alpha active and beta its backup."""
    if LABS.pair_failure:
        pytest.fail(f"the pair did not recover from an earlier test: {LABS.pair_failure}")
    for node in booted_pair.nodes.values():
        for port in node.pulled:
            node.plug(port)
        if not node.running:
            node.power_on()
    try:
        booted_pair.node("alpha").wait_for_state("active", READY_SECONDS)
        booted_pair.node("beta").wait_for_state("backup", READY_SECONDS)
    except LabError as error:
        LABS.pair_failure = str(error)
        raise
    return booted_pair


DROP_SECONDS = 8.0
"""A daemon that was killed leaves its addresses until its unit drops them: an interpreter starts for that, on
an emulated processor. The other node, told by the hotwire, does not wait."""


class Eyes:
    """Watches on both sides of the pair: the LAN's client and the WAN's router."""

    def __init__(self, lab: Lab, watches: dict[str, Watch]) -> None:
        self._lab = lab
        self.watches = watches
        self.conflict_allowed = CONFLICT_SECONDS
        """Seconds for which both nodes may answer."""

    def wait_for_owner(self, node: str, seconds: float = MOVE_SECONDS) -> None:
        """Waits until one node, and no other, answers on the LAN and on the WAN."""
        deadline = Deadline(seconds)
        for client, watch in self.watches.items():
            watch.wait_for_owner(self._lab.node(node).mac(PORTS[client]), deadline)

    def owners(self, client: str) -> list[str]:
        """Which nodes answered, one after the other."""
        names = {node.mac(PORTS[client]): node.name for node in self._lab.nodes.values()}
        return [names[mac] for mac in self.watches[client].owners]


@pytest.fixture
def eyes(pair: Lab) -> Iterator[Eyes]:
    """Watches during the test, and holds at its end that never two nodes answered."""
    watches = {name: pair.clients[name].watch(address) for name, address in VIRTUAL.items()}
    seeing = Eyes(pair, watches)
    try:
        yield seeing
    finally:
        for watch in watches.values():
            watch.close()
    limit = seeing.conflict_allowed * timeout_multiplier()
    for name, watch in watches.items():
        assert watch.longest_conflict() <= limit, f"two nodes answered the {name} at the same time"
