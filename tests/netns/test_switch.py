"""hactl switch and maintenance between two real daemons: order, outcome, and what it costs a client."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP
from scapy.packet import Packet

from .capture import Capture, is_gratuitous_arp
from .namespaces import Namespace
from .pair import CLIENT, INTERVAL, MAC, VIRTUAL, Pair, TestNode
from .ping import PingStream
from .test_hactl import hactl
from .waiting import wait_for

PINGS_A_SECOND = 200
REQUESTS_AN_INTERVAL = int(INTERVAL / 0.005)
"""ARP requests of the client in one advertisement interval: the clock of the frames."""
ASK_FOR_EVER = """
import socket, struct, sys, time
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind(("eth0", 0))
mac = sock.getsockname()[4]
ask = struct.pack("!6s6sHHHBBH6s4s6s4s", b"\\xff" * 6, mac, 0x0806, 1, 0x0800, 6, 4, 1, mac,
                  socket.inet_aton(sys.argv[1]), bytes(6), socket.inet_aton(sys.argv[2]))
while True:
    sock.send(ask)
    time.sleep(0.005)
"""


def ready(pair: Pair) -> None:
    """Both run, and the spare hears the master."""
    pair.start()
    wait_for("the spare hears the master", lambda: pair.beta.status()["status"]["peer"], within=2)


def remembered(node: TestNode) -> dict[str, object]:
    """What the node keeps on disk."""
    path = node.state_folder / "daemon" / "memory.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def is_answer(frame: Packet, mac: str, address: str) -> bool:
    """An ARP reply of this station that tells of the address."""
    return ARP in frame and frame[ARP].op == 2 and frame[ARP].psrc == address and frame.src == mac


def split(
    frames: list[Packet], mark: Callable[[Packet], bool], number: int = 1
) -> tuple[list[Packet], list[Packet]]:
    """What came before and after the first marked frame, or the `number`-th."""
    marks = [position for position, frame in enumerate(frames) if mark(frame)]
    return frames[: marks[number - 1]], frames[marks[number - 1] + 1 :]


class AddressMonitor:
    """The kernel's own log of addresses that come and go in a namespace, with times."""

    def __init__(self, namespace: Namespace, log: Path) -> None:
        self._namespace, self._log = namespace, log
        namespace.start("ip", "-ts", "-o", "-4", "monitor", "address", log=log)
        wait_for("the monitor listens", lambda: self._marked("10.99.99.1/32"), within=3)

    def moment(self, address: str, deleted: bool) -> str:
        """The time, as comparable text, at which the address came or went last."""
        wait_for("the monitor has seen all", lambda: self._marked("10.99.99.2/32"), within=3)
        pattern = rf"^\[(\S+)\] {'Deleted ' if deleted else ''}\d+: .* inet {re.escape(address)}/"
        return re.findall(pattern, self._log.read_text(), re.MULTILINE)[-1]

    def _marked(self, mark: str) -> bool:
        for verb in ("add", "delete"):
            self._namespace.run("ip", "address", verb, mark, "dev", "lo")
        return mark in self._log.read_text()


def test_a_switch_there_and_back(pair: Pair) -> None:
    ready(pair)
    done = hactl(pair.alpha, "switch")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(
        r"handed over to .*active now\n  detection [\d.]+ ms, address [\d.]+ ms, total", done.stdout
    )
    pair.wait_holder(pair.beta)
    assert (pair.alpha.state(), pair.beta.state()) == ("backup", "active")
    wait_for("it is remembered", lambda: remembered(pair.alpha).get("preferred") is False, within=2)
    back = hactl(pair.alpha, "switch")
    assert back.returncode == 0, back.stderr
    assert re.search(r"detection [\d.]+ ms, address [\d.]+ ms, announcement [\d.]+ ms, total", back.stdout)
    pair.wait_holder(pair.alpha)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    wait_for("it is remembered", lambda: remembered(pair.alpha).get("preferred") is True, within=2)


def test_no_ping_is_lost_and_never_two_answer(pair: Pair) -> None:
    ready(pair)
    address = VIRTUAL["lan"]
    monitors = [AddressMonitor(node.namespace, node.folder / "monitor.log") for node in pair.nodes]
    wire = Capture(pair.client, "eth0")
    command = [*pair.client.entry, sys.executable, "-c", ASK_FOR_EVER, CLIENT, address]
    with subprocess.Popen(command) as asking, PingStream(pair.client, address, PINGS_A_SECOND) as pings:
        wait_for("pings go", lambda: pings.sent > PINGS_A_SECOND // 4, within=5)
        assert hactl(pair.alpha, "switch").returncode == 0
        pair.wait_holder(pair.beta)
        after = pings.sent
        wait_for("more pings go", lambda: pings.sent > after + PINGS_A_SECOND // 2, within=5)
        asking.kill()
    assert pings.lost == []
    frames = [frame for _, frame in wire.read()]
    alpha, beta = MAC["alpha"]["lan"], MAC["beta"]["lan"]
    before, after_it = split(frames, lambda frame: is_gratuitous_arp(frame, address) and frame.src == beta)
    assert any(is_answer(frame, alpha, address) for frame in before), "it was asked, and answered"
    _, late = split(after_it, lambda frame: ARP in frame and frame[ARP].psrc == CLIENT, REQUESTS_AN_INTERVAL)
    assert not any(is_answer(frame, alpha, address) for frame in late), "it let go, and still answered"
    assert any(is_answer(frame, beta, address) for frame in late)
    came, went = monitors[1].moment(address, deleted=False), monitors[0].moment(address, deleted=True)
    assert came < went, "it broke before it made"


def test_a_switch_that_nobody_takes_changes_nothing(pair: Pair) -> None:
    ready(pair)
    pair.beta.signal(signal.SIGTERM)
    pair.beta.wait_end()
    refused = hactl(pair.alpha, "switch")
    assert refused.returncode == 1
    assert "stays active" in refused.stderr
    assert pair.alpha.state() == "active"
    assert pair.alpha.virtual_addresses() == set(VIRTUAL.values())


def test_a_switch_on_a_spare_that_cannot_win_is_refused_with_the_reason(pair: Pair) -> None:
    ready(pair)
    refused = hactl(pair.beta, "switch")
    assert refused.returncode == 1
    assert "run `hactl switch` on the active node" in refused.stderr
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")


def test_the_preference_of_a_switch_outlives_the_daemon(pair: Pair) -> None:
    ready(pair)
    assert hactl(pair.alpha, "switch").returncode == 0
    pair.wait_holder(pair.beta)
    wait_for("it is remembered", lambda: remembered(pair.alpha).get("preferred") is False, within=2)
    pair.alpha.signal(signal.SIGKILL)
    pair.alpha.wait_end()
    lan = pair.capture("lan")
    pair.alpha.start()
    pair.alpha.wait_state("backup")
    beta = MAC["beta"]["lan"]
    wait_for("beta goes on", lambda: sum(frame.src == beta for _, frame in lan.adverts()) > 8, within=3)
    assert (pair.alpha.state(), pair.beta.state()) == ("backup", "active")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_maintenance_is_kept_over_a_restart_and_shown(pair: Pair, how: signal.Signals) -> None:
    ready(pair)
    assert hactl(pair.alpha, "maintenance", "on").returncode == 0
    pair.wait_holder(pair.beta)
    assert pair.alpha.state() == "maintenance"
    first, second = hactl(pair.alpha, "status").stdout.splitlines()[:2]
    assert first.startswith("no redundancy: the node is in maintenance")
    assert second.startswith("alpha (master) of cluster office: MAINTENANCE for ")
    wait_for("it is remembered", lambda: remembered(pair.alpha).get("maintenance") is True, within=2)
    pair.alpha.signal(how)
    pair.alpha.wait_end()
    pair.alpha.start()
    pair.alpha.wait_state("maintenance")
    pair.beta.signal(signal.SIGTERM)
    pair.beta.wait_end()
    wait_for("beta has let go", lambda: not pair.beta.virtual_addresses(), within=2)
    assert pair.alpha.state() == "maintenance", "not even when nobody else is there"
    assert pair.alpha.virtual_addresses() == set()
    again = hactl(pair.alpha, "maintenance", "on")
    assert (again.returncode, "already" in again.stderr) == (1, True)
    assert hactl(pair.alpha, "maintenance", "off").returncode == 0
    pair.wait_holder(pair.alpha)


def test_maintenance_without_a_successor_is_refused_unless_forced(pair: Pair) -> None:
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("active")
    refused = hactl(pair.alpha, "maintenance", "on")
    assert refused.returncode == 1
    assert pair.alpha.state() == "active"
    assert hactl(pair.alpha, "maintenance", "on", "--force").returncode == 0
    assert pair.alpha.state() == "maintenance"
    assert pair.alpha.virtual_addresses() == set()


def test_a_reload_during_maintenance_does_not_end_it(pair: Pair) -> None:
    ready(pair)
    assert hactl(pair.alpha, "maintenance", "on").returncode == 0
    pair.wait_holder(pair.beta)
    pair.alpha.cluster = pair.alpha.cluster.replace("office", "home")
    pair.alpha.configure()
    assert hactl(pair.alpha, "reload").returncode == 0
    assert pair.alpha.state() == "maintenance"


def test_a_resume_that_is_not_needed_harms_nothing(pair: Pair) -> None:
    ready(pair)
    told = hactl(pair.alpha, "resume")
    assert (told.returncode, told.stderr) == (0, "")
    assert "counted anew" in told.stdout
    assert pair.alpha.state() == "active"
