"""The labs of the QEMU tests: each test that changes something has one of its own, from a snapshot.

The first test that needs a snapshot which there is not, makes it. Tests that only look share a pair, and come
first. After every failure the logs, journals and captures of all open labs are kept in the artifacts folder
and named in the report.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.lab.client import Watch
from firmware.lab.command import Firmware, StickBus
from firmware.lab.deadline import Deadline, timeout_multiplier
from firmware.lab.errors import MissingCapability
from firmware.lab.images import raw_image
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.opening import READY, Opener, Place
from firmware.lab.snapshot import Snapshot
from firmware.lab.topology import STANDARD_PAIR, Topology
from firmware.paths import ARTIFACTS

BOARD = "generic-x86_64"
VERSION = "2.0.0"
"""Of the update that the tests install."""
VIRTUAL = {"client": IPv4Address("192.168.12.1"), "router": IPv4Address("192.168.175.101")}
PORTS = {"client": "lan", "router": "wan"}
MOVE_SECONDS = 60.0
"""A takeover: three advertisements of one second, on emulated processors that may be busy booting."""
CONFLICT_SECONDS = 1.0
"""Handing over is no conflict: a preempting node is heard, and then the other lets go. Usually it is 0."""


class Labs:
    """All labs that are open, so that a failure can collect the traces of each."""

    def __init__(self) -> None:
        self._made: list[Lab] = []
        self._shared: Lab | None = None

    @property
    def open(self) -> list[Lab]:
        """Those that are not closed yet."""
        self._made = [lab for lab in self._made if not lab.closed]
        return self._made

    def make(self, topology: Topology, options: LabOptions, snapshot: Snapshot | None = None) -> Lab:
        """Opens a lab, off; skips (which counts as a failure) when this machine lacks something.

        The pair that is shared is closed by that: it takes a processor even when nothing happens.
        """
        self.close_shared()
        try:
            lab = Lab(topology, options, snapshot)
        except MissingCapability as error:
            pytest.skip(str(error))
        self._made.append(lab)
        return lab

    def open_at(self, place: Place, topology: Topology, options: LabOptions) -> Lab:
        """Opens a lab whose nodes are there already."""
        return Opener(topology, options, print, self.make).open(place)

    def share(self, opened: Callable[[], Lab]) -> Lab:
        """The lab that tests share, as long as no other one is opened."""
        if self._shared is None:
            self._shared = opened()
        return self._shared

    def keep_artifacts(self, report: pytest.TestReport, suite: str, test: str) -> None:
        """What all open labs leave of a test that failed, in a folder that the report names."""
        if report.failed and self.open:
            folder = ARTIFACTS / suite / re.sub(r"[^\w.-]+", "_", test)
            for number, lab in enumerate(self.open):
                lab.save_artifacts(folder / f"lab-{number}")
            report.sections.append(("artifacts", f"kept in {folder}"))

    def close_shared(self) -> None:
        """Ends the lab that is shared, if there is one."""
        if self._shared:
            self._shared.close()
        self._shared = None


LABS = Labs()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share a pair come first, so that it is opened once."""
    items.sort(key=lambda item: "quiet_pair" not in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    LABS.keep_artifacts(report, "qemu", item.name)
    return report


@pytest.fixture
def report_line(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Puts what was measured, and is not asserted, into the report of the run and at once into a file of the
    artifacts."""

    def add(line: str) -> None:
        record_property("measured", line)
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
def labs() -> Iterator[Labs]:
    yield LABS
    LABS.close_shared()


@pytest.fixture(scope="session")
def open_pair(labs: Labs, image: Path) -> Callable[[Place], Lab]:
    """Opens a pair that is at a place already: alpha by BIOS, beta by UEFI from a write-protected USB stick.

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
    options = LabOptions(image, NodeOptions(slots=True), special={"beta": usb})
    return partial(labs.open_at, topology=topology, options=options)


@pytest.fixture
def quiet_pair(labs: Labs, open_pair: Callable[[Place], Lab]) -> Lab:
    """A pair that is up, for tests that change nothing: they share it."""
    return labs.share(lambda: open_pair(READY))


@pytest.fixture
def pair(open_pair: Callable[[Place], Lab]) -> Iterator[Lab]:
    """A pair of the test's own: alpha is active, and beta its backup."""
    with open_pair(READY) as lab:
        yield lab


@pytest.fixture
def blank(labs: Labs, image: Path) -> Iterator[Lab]:
    """A pair without a stick: alpha by BIOS, beta by UEFI."""
    bios, uefi = NodeOptions(preseed=""), NodeOptions(Firmware.UEFI, preseed="")
    with labs.make(STANDARD_PAIR, LabOptions(image, bios, special={"beta": uefi})) as lab:
        yield lab


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
