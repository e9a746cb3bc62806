"""`hactl hotwire detect`: a direct cable, a switch in between, unplugged ports; and which boxes a detection
finds that have started none themselves."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import ask

from .namespaces import Namespace, Namespaces
from .preloaded import start_daemon
from .waiting import stretched, wait_for

SECONDS = 3
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
enabled = false
[hotwire]
port = "link"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


class Box:
    """A box that nobody has configured yet."""

    def __init__(self, name: str, namespace: Namespace, folder: Path) -> None:
        self.name, self.namespace, self.folder = name, namespace, folder
        (folder / "run").mkdir(parents=True)
        (folder / "state").mkdir()

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "control.sock"

    def start(self) -> None:
        arguments = ["--state", str(self.folder / "state"), "--run", str(self.folder / "run")]
        arguments += ["--setup-problems", str(self.folder / "problems")]
        self._daemon = start_daemon(self.namespace, arguments, self.folder / "log")
        wait_for(f"{self.name} answers", self._answers, within=15)

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        self._daemon.send_signal(with_signal)
        self._daemon.wait(stretched(15))

    def mac(self, interface: str) -> str:
        (link,) = json.loads(self.namespace.run("ip", "-j", "link", "show", "dev", interface))
        return str(link["address"])

    def configure(self, *, cluster: bool = False, **ports: str) -> None:
        """Writes its files; each port is the interface with that name."""
        lines = ["schema = 1", f'name = "{self.name}"']
        for port, interface in ports.items():
            lines += [f"[ports.{port}]", f'mac = "{self.mac(interface)}"', "addresses = []"]
        (self.folder / "state" / "node.toml").write_text("\n".join(lines) + "\n")
        if cluster:
            (self.folder / "state" / "cluster.toml").write_text(CLUSTER)

    def pair(self) -> None:
        """As if it was paired with some other node."""
        (self.folder / "state" / "hotwire.key").write_text(SECRET)

    def reload(self) -> None:
        answer = ask(self.socket, {"command": "reload"}, timeout=stretched(5.0))
        assert answer["changed"], answer

    def find(self) -> dict[str, Any]:
        """A detection on this box alone."""
        found: dict[str, Any] = json.loads(self.detect().communicate(timeout=SECONDS + stretched(30))[0])
        return found

    def detect(self) -> "subprocess.Popen[str]":
        code = "import sys; from hadaemon.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-P", "-c", code, "--socket", str(self.socket), "hotwire", "detect"]
        command += ["--seconds", str(SECONDS), "--json"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def up(self) -> set[str]:
        """The interfaces that are switched on."""
        links = json.loads(self.namespace.run("ip", "-j", "link", "show"))
        return {link["ifname"] for link in links if "UP" in link["flags"]}

    def grouped(self) -> set[str]:
        """The interfaces that the daemon has put into some group."""
        links = json.loads(self.namespace.run("ip", "-j", "link", "show"))
        return {link["ifname"] for link in links if link["group"] != "default"}

    def wait_up(self, *names: str) -> None:
        wait_for(f"{names} and no others are on", lambda: self.up() == {"lo", *names}, within=10)

    def _answers(self) -> bool:
        try:
            return bool(ask(self.socket, {"command": "status"}, timeout=stretched(2.0)))
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
        alpha, beta = (
            json.loads(process.communicate(timeout=SECONDS + stretched(30))[0]) for process in running
        )
        return alpha, beta


def of(answer: dict[str, Any], interface: str) -> dict[str, Any]:
    (port,) = (port for port in answer["ports"] if port["interface"] == interface)
    return port


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
    assert before == {"lo"}
    alpha, beta = rack.detect()
    for answer in (alpha, beta):
        assert verdicts(answer) == {"hot0": "direct", "lan0": "switched"}
        assert answer["candidate"] == "hot0"
        assert "hot0" in answer["blinked"], "a veth cannot blink, and says so"
    macs = [of(answer, "hot0") for answer in (alpha, beta)]
    assert macs[0]["peer_mac"] == macs[1]["mac"]
    assert macs[1]["peer_mac"] == macs[0]["mac"]
    rack.alpha.stop()
    assert rack.alpha.up() == before, "what was off is off again"
    assert rack.alpha.grouped() == set()


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
        answer = ask(
            rack.alpha.socket, {"command": "hotwire-detect", "seconds": seconds}, timeout=stretched(5)
        )
        assert not answer["ok"], seconds
        assert "hotwire-detect.seconds: a number" in answer["error"]


def test_one_side_suffices_as_long_as_the_other_box_is_new(rack: Rack) -> None:
    rack.cable("hot0")
    for box in (rack.alpha, rack.beta):
        rack.patch(box, "lan0")
        box.start()
    found = rack.alpha.find()
    assert verdicts(found) == {"hot0": "direct", "lan0": "switched"}
    assert found["candidate"] == "hot0"
    hot = of(found, "hot0")
    assert (hot["mac"], hot["peer_mac"]) == (rack.alpha.mac("hot0"), rack.beta.mac("hot0"))
    assert hot["peer_name"] == "", "it only says that it is here"
    assert "hot0" in found["blinked"], "a veth cannot blink, and says so"


def test_a_cable_that_is_plugged_in_later_is_taken_up(rack: Rack) -> None:
    for box in (rack.alpha, rack.beta):
        box.start()
    rack.cable("hot0")
    for box in (rack.alpha, rack.beta):
        box.wait_up("hot0")
    assert rack.alpha.find()["candidate"] == "hot0"


def test_a_box_that_is_set_up_is_found_at_its_hotwire_only_and_until_it_is_paired(rack: Rack) -> None:
    """The second box is new: it looks for the first one, which is already set up."""
    for name in ("hot0", "lan0", "free0"):
        rack.cable(name)
    rack.beta.configure(cluster=True, link="hot0", lan="lan0")
    for name in ("hot0", "lan0"):  # Here is no networkd, which would do it.
        rack.beta.namespace.run("ip", "link", "set", name, "up")
    rack.beta.start()
    rack.alpha.start()
    found = rack.alpha.find()
    assert of(found, "hot0")["verdict"] == "direct"
    assert of(found, "hot0")["peer_name"] == ""
    assert of(found, "lan0")["peer_mac"] is None, "nothing is sent into its networks"
    assert of(found, "free0")["verdict"] == "no-carrier", "a card without a task stays off"
    assert found["candidate"] == "hot0"
    rack.beta.pair()
    rack.beta.reload()
    found = rack.alpha.find()
    assert found["candidate"] is None
    assert {port["peer_mac"] for port in found["ports"]} == {None}, "a paired box is silent"
    beta = rack.beta.detect()
    found = rack.alpha.find()
    assert of(found, "free0")["verdict"] == "direct", "as ever, when both search"
    assert of(found, "free0")["peer_name"] == "beta"
    assert json.loads(beta.communicate(timeout=SECONDS + stretched(30))[0])["candidate"] == "free0"
    rack.beta.wait_up("hot0", "lan0")


def test_the_cards_of_a_new_box_are_as_before_once_it_is_set_up(rack: Rack) -> None:
    for name in ("hot0", "free0", "mine0"):
        rack.cable(name)
    rack.alpha.namespace.run("ip", "link", "set", "mine0", "up")
    rack.alpha.start()
    rack.alpha.wait_up("hot0", "free0", "mine0")
    rack.alpha.configure(hotwire="hot0")
    rack.alpha.reload()
    rack.alpha.wait_up("hot0", "mine0")
    wait_for("no trace is left", lambda: rack.alpha.grouped() == set(), within=5)
    assert rack.beta.up() == {"lo"}


def test_what_a_killed_daemon_switched_on_the_next_one_switches_off(rack: Rack) -> None:
    rack.cable("hot0")
    rack.cable("free0")
    rack.alpha.start()
    rack.alpha.wait_up("hot0", "free0")
    rack.alpha.stop(signal.SIGKILL)
    assert rack.alpha.up() == {"lo", "hot0", "free0"}
    rack.alpha.configure(hotwire="hot0")
    rack.alpha.pair()
    rack.alpha.start()
    rack.alpha.wait_up("hot0")


def test_a_box_whose_configuration_is_refused_says_nothing(rack: Rack) -> None:
    rack.cable("hot0")
    (rack.beta.folder / "state" / "node.toml").write_text("schema = = 1")
    for box in (rack.alpha, rack.beta):
        box.start()
    rack.beta.namespace.run("ip", "link", "set", "hot0", "up")
    assert of(rack.alpha.find(), "hot0")["peer_mac"] is None
