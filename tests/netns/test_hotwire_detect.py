"""`hactl hotwire detect` on two new boxes: a direct cable, a switch in between, unplugged ports."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hadaemon.io.control_client import ask
from hadaemon.io.errors import ControlError

from .namespaces import Namespace, Namespaces
from .waiting import wait_for

SECONDS = 3


class Box:
    """A box that nobody has configured."""

    def __init__(self, name: str, namespace: Namespace, folder: Path) -> None:
        self.name, self.namespace, self.folder = name, namespace, folder
        (folder / "run").mkdir(parents=True)
        (folder / "state").mkdir()

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "control.sock"

    def start(self) -> None:
        command = [sys.executable, "-P", "-X", "dev", "-m", "hadaemon", "--state", str(self.folder / "state")]
        command += ["--run", str(self.folder / "run"), "--setup-problems", str(self.folder / "problems")]
        self.namespace.start(*command, log=self.folder / "log")
        wait_for(f"{self.name} answers", self._answers, within=15)

    def detect(self) -> "subprocess.Popen[str]":
        code = "import sys; from hadaemon.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-P", "-c", code, "--socket", str(self.socket), "hotwire", "detect"]
        command += ["--seconds", str(SECONDS), "--json"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def up(self) -> set[str]:
        """The interfaces that are switched on."""
        links = json.loads(self.namespace.run("ip", "-j", "link", "show"))
        return {link["ifname"] for link in links if "UP" in link["flags"]}

    def _answers(self) -> bool:
        try:
            return bool(ask(self.socket, {"command": "status"}, timeout=2.0))
        except (ControlError, OSError):
            return False


class Rack:
    """Two boxes, a switch, and cables."""

    def __init__(self, namespaces: Namespaces, folder: Path) -> None:
        self.switch = namespaces.make("switch")
        self.alpha, self.beta = (
            Box(name, namespaces.make(name), folder / name) for name in ("alpha", "beta")
        )
        self.switch.run("ip", "link", "add", "bridge0", "type", "bridge", "forward_delay", "0")
        self.switch.run("ip", "link", "set", "bridge0", "up")

    def cable(self, name: str) -> None:
        """A direct cable between the two, in a port of that name on both."""
        alpha, beta = self.alpha.namespace, self.beta.namespace
        alpha.run("ip", "link", "add", name, "type", "veth", "peer", "name", "far")
        alpha.run("ip", "link", "set", "far", "netns", beta.entry[2])
        beta.run("ip", "link", "set", "far", "name", name)

    def patch(self, box: Box, name: str) -> None:
        """A cable from the box to the switch."""
        end = f"{box.name}-{name}"
        self.switch.run("ip", "link", "add", end, "type", "veth", "peer", "name", name)
        self.switch.run("ip", "link", "set", end, "master", "bridge0", "up")
        self.switch.run("ip", "link", "set", name, "netns", box.namespace.entry[2])

    def detect(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both at the same time."""
        for box in (self.alpha, self.beta):
            box.start()
        running = [box.detect() for box in (self.alpha, self.beta)]
        alpha, beta = (json.loads(process.communicate(timeout=SECONDS + 30)[0]) for process in running)
        return alpha, beta


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    return {port["interface"]: port["verdict"] for port in answer["ports"]}


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[Rack]:
    with Namespaces() as namespaces:
        built = Rack(namespaces, tmp_path)
        yield built
        for box in (built.alpha, built.beta):
            log = box.folder / "log"
            text = log.read_text() if log.exists() else ""
            assert "Traceback" not in text, text
            assert "internal error" not in text, text


def test_the_direct_cable_is_found_among_others(rack: Rack) -> None:
    rack.cable("hot0")
    for box in (rack.alpha, rack.beta):
        rack.patch(box, "lan0")
    before = rack.alpha.up()
    alpha, beta = rack.detect()
    for answer in (alpha, beta):
        assert verdicts(answer) == {"hot0": "direct", "lan0": "switched"}
        assert answer["candidate"] == "hot0"
        assert "hot0" in answer["blinked"], "a veth cannot blink, and says so"
    macs = [{port["interface"]: port for port in answer["ports"]}["hot0"] for answer in (alpha, beta)]
    assert macs[0]["peer_mac"] == macs[1]["mac"]
    assert macs[1]["peer_mac"] == macs[0]["mac"]
    assert rack.alpha.up() == before, "what was off is off again"


def test_a_switch_in_between_is_told(rack: Rack) -> None:
    for box in (rack.alpha, rack.beta):
        rack.patch(box, "hot0")
    for answer in rack.detect():
        assert verdicts(answer) == {"hot0": "switched"}
        assert answer["candidate"] is None
        (port,) = answer["ports"]
        assert "what no switch forwards does not arrive" in port["evidence"]


def test_unplugged_looped_and_lonely_ports(rack: Rack) -> None:
    rack.cable("cut0")
    rack.beta.namespace.run("ip", "link", "delete", "cut0")
    rack.alpha.namespace.run("ip", "link", "add", "loop0", "type", "veth", "peer", "name", "loop1")
    rack.patch(rack.alpha, "lan0")
    alpha, beta = rack.detect()
    found = verdicts(alpha)
    assert found.pop("lan0") in ("silent", "foreign"), "the switch itself may say something"
    assert found == {"loop0": "loop", "loop1": "loop"}
    assert beta["ports"] == []
    assert alpha["candidate"] is None


def test_requests_out_of_bounds_are_refused(rack: Rack) -> None:
    rack.alpha.start()
    for seconds in (0, 1e9, "x", None, True):
        answer = ask(rack.alpha.socket, {"command": "hotwire-detect", "seconds": seconds}, timeout=5)
        assert not answer["ok"], seconds
        assert "seconds must be" in answer["error"]
