"""Boxes set up from a file, over lines that are as bad as they come: the real menu at the other end."""

import json
import random
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.lab.deadline import stretched
from firmware.provision import typist as typing
from firmware.provision.options import ProvisionOptions
from firmware.provision.provision import provision
from tests.lab.person import Person
from tests.unit.provision.lines import Appliance, Filter, Line, clean

SECRET = "correct horse battery"
ALONE = f"""
schema = 1
[common]
password = "{SECRET}"
time-zone = "berlin"
[[box]]
hostname = "alpha"
purpose = "alone"
addresses-lan = "192.168.12.141/24"
ports.lan = "52:54:00:48:0a:02"
ports.wan = "52:54:00:48:0a:01"
"""
PAIR = f"""
schema = 1
[common]
password = "{SECRET}"
[[box]]
hostname = "alpha"
purpose = "create"
ports = {{ lan = "52:54:00:48:0a:01", wan = "52:54:00:48:0a:02", hotwire = "52:54:00:48:0a:03" }}
addresses-lan = "192.168.12.141/24"
addresses-wan = "192.168.175.102/24"
virtual-lan = "192.168.12.1/24"
virtual-wan = "192.168.175.101/24"
[[box]]
hostname = "beta"
purpose = "join"
ports = {{ lan = "52:54:00:48:0b:02", wan = "52:54:00:48:0b:01", hotwire = "52:54:00:48:0b:03" }}
addresses-lan = "192.168.12.142/24"
addresses-wan = "192.168.175.103/24"
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No box here needs the time that a real one may take."""
    monkeypatch.setattr(typing, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(typing, "ECHO_SECONDS", 0.3)
    monkeypatch.setattr(typing, "TAKEN_SECONDS", 0.5)
    monkeypatch.setattr(typing, "REDRAW_SECONDS", 1.0)
    monkeypatch.setattr(typing, "UNSEEN_SECONDS", 0.0)
    monkeypatch.setattr("firmware.provision.setup.NUDGE_SECONDS", 0.5)


Rack = Callable[..., Appliance]


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[Rack]:
    """Makes boxes at lines."""
    boxes: list[Appliance] = []

    def add(digits: str = "0a", to_box: Filter = clean, from_box: Filter = clean) -> Appliance:
        boxes.append(Appliance(tmp_path, digits, Line(to_box, from_box)))
        return boxes[-1]

    yield add
    for box in boxes:
        box.close()


def run(tmp_path: Path, text: str, *boxes: Appliance, wait: float = 30.0) -> str:
    """What was said in the end; the protocol is in `protocol`."""
    file = tmp_path / "site.toml"
    file.write_text(text)
    file.chmod(0o600)
    ports = tuple(box.line.path for box in boxes)
    protocol = tmp_path / "protocol"
    protocol.unlink(missing_ok=True)
    try:
        outcomes = provision(ProvisionOptions(file, ports, protocol=protocol, wait=stretched(wait)))
    except FirmwareError as error:
        return str(error)
    finally:
        assert SECRET not in protocol.read_text()
        assert "123 456" not in protocol.read_text()
    return "\n".join(one.text for one in outcomes)


def node(box: Appliance) -> dict:
    return json.loads(box.stored.read_text())[0]["node"]


def test_a_box_is_set_up_and_the_protocol_tells_it_without_secrets(rack: Rack, tmp_path: Path):
    box = rack()
    assert run(tmp_path, ALONE, box) == "configured"
    assert node(box)["name"] == "alpha"
    assert node(box)["ports"]["lan"]["mac"] == "52:54:00:48:0a:02", "by its MAC, not by its place in a list"
    assert node(box)["time_zone"] == "Europe/Berlin"
    protocol = tmp_path / "protocol"
    assert stat.S_IMODE(protocol.stat().st_mode) == 0o600
    told = protocol.read_text()
    assert re.search(rf"^\S+Z {box.line.path} > alpha$", told, re.MULTILINE)
    assert re.search(rf"^\S+Z {box.line.path} < hostname \[", told, re.MULTILINE)
    assert told.count("> (secret)") >= 4


def test_a_pair_is_set_up_over_two_lines_at_once(rack: Rack, tmp_path: Path):
    alpha, beta = rack("0a"), rack("0b")
    assert run(tmp_path, PAIR, beta, alpha).splitlines() == ["backup, synchronized", "master, paired"]
    assert (tmp_path / "typed").read_text() == "123 456"
    assert node(beta)["ports"]["hotwire"]["mac"] == "52:54:00:48:0b:03"
    joined = json.loads(beta.stored.read_text())[1]["node"]["ports"]
    assert joined["lan"] == {"mac": "52:54:00:48:0b:02", "addresses": ["192.168.12.142/24"]}


def test_a_spare_without_its_master_is_left_alone(rack: Rack, tmp_path: Path):
    beta = rack("0b")
    assert "is at none of the ports" in run(tmp_path, PAIR, beta)
    assert not beta.stored.exists()


def test_a_pair_is_not_begun_when_one_of_the_two_is_the_wrong_box(rack: Rack, tmp_path: Path):
    alpha, other = rack("0a"), rack("0c")
    told = run(tmp_path, PAIR, alpha, other)
    assert "no box of the file has the cards of the box at this port: enp1s0 52:54:00:48:0c:01" in told
    assert not alpha.stored.exists()
    assert not other.stored.exists()


def test_the_wrong_box_is_told_no_password(rack: Rack, tmp_path: Path):
    seen: list[bytes] = []
    box = rack("0c", to_box=lambda data: seen.append(data) or data)
    told = run(tmp_path, ALONE.replace("hostname", f'port = "{box.line.path}"\nhostname', 1), box)
    assert "this is the wrong box, and nothing was written: alpha has 52:54:00:48:0a:01" in told
    assert SECRET.encode() not in b"".join(seen)
    assert not box.stored.exists()


@pytest.mark.parametrize(
    "direction",
    ["to the box", *(pytest.param(way, marks=pytest.mark.nightly) for way in ("from the box", "both"))],
)
def test_lost_characters_are_typed_again(rack: Rack, tmp_path: Path, direction: str):
    dice = random.Random(7)

    def losing(part: float) -> Filter:
        return lambda data: bytes(byte for byte in data if byte == 0x15 or dice.random() > part)

    to_box = losing(0.01) if direction != "from the box" else clean
    from_box = losing(0.001) if direction != "to the box" else clean
    box = rack(to_box=to_box, from_box=from_box)
    assert run(tmp_path, ALONE, box) == "configured"
    assert (node(box)["name"], node(box)["time_zone"]) == ("alpha", "Europe/Berlin")


def test_a_line_that_carries_nothing_right_is_given_up(rack: Rack, tmp_path: Path):
    box = rack(to_box=lambda data: data.replace(b"a", b""))
    assert "characters are lost again and again" in run(tmp_path, ALONE, box)
    assert not box.stored.exists()


def test_messages_of_the_kernel_get_in_between(rack: Rack, tmp_path: Path):
    dice = random.Random(3)

    def noisy(data: bytes) -> bytes:
        if dice.random() < 0.1:
            return data + b"\r\n[  12.345678] virtio_net virtio0 enp1s0: link becomes ready\r\n"
        return data

    box = rack(from_box=noisy)
    assert run(tmp_path, ALONE, box, wait=60) == "configured"
    assert node(box)["name"] == "alpha"


def burying(prompt: bytes, gap: bytes) -> Filter:
    """The first such prompt is followed by a message of the kernel, however it comes in pieces."""
    came = bytearray()

    def bury(data: bytes) -> bytes:
        before = len(came)
        came.extend(data)
        end = came.find(prompt) + len(prompt)
        if not before < end <= len(came) or end < len(prompt):
            return data
        message = gap + b"[  12.345678] virtio_net virtio0 enp1s0: link becomes ready\r\n"
        return data[: end - before] + message + data[end - before :]

    return bury


@pytest.mark.parametrize("prompt", [b"\npassword > ", b"\nwrite > ", b"\nfw login: "])
@pytest.mark.parametrize("gap", [b"", pytest.param(b"\r\n", marks=pytest.mark.nightly)])
def test_a_prompt_that_a_message_has_hidden_is_answered(
    rack: Rack, tmp_path: Path, prompt: bytes, gap: bytes
):
    box = rack(from_box=burying(prompt, gap))
    assert run(tmp_path, ALONE, box) == "configured"
    assert b"virtio_net" in (tmp_path / "protocol").read_bytes()


def test_a_first_prompt_that_a_message_has_torn_is_no_menu_of_a_configured_box(rack: Rack, tmp_path: Path):
    torn: list[bytes] = []

    def tear(data: bytes) -> bytes:
        """Twice: one may have come before anybody looked."""
        if b"\nlanguage" in data and len(torn) < 2:
            torn.append(data)
            return data.replace(
                b"\nlanguage", b"\nla[  12.345678] virtio_net: link becomes ready\r\nnguage", 1
            )
        return data

    box = rack(from_box=tear)
    assert run(tmp_path, ALONE, box) == "configured"
    assert b"virtio_net" in (tmp_path / "protocol").read_bytes()


def test_a_hidden_prompt_for_the_code_is_answered(rack: Rack, tmp_path: Path):
    alpha = rack("0a")
    beta = rack("0b", from_box=burying(b"the other node shows: ", b""))
    assert run(tmp_path, PAIR, beta, alpha).splitlines() == ["backup, synchronized", "master, paired"]
    assert b"virtio_net" in (tmp_path / "protocol").read_bytes()


def test_a_pairing_that_one_box_takes_for_done_and_the_other_one_does_not(rack: Rack, tmp_path: Path):
    (tmp_path / "lost").touch()
    alpha, beta = rack("0a"), rack("0b")
    assert run(tmp_path, PAIR, beta, alpha).splitlines() == ["backup, synchronized", "master, paired"]


def test_what_comes_before_the_menu_is_read_over(rack: Rack, tmp_path: Path):
    box = rack()
    box.line.say(b"\x1b[H\x1b[J\xff\xfe\x00SeaBIOS (version 1.16)\r\n\x1b[1;1HGNU GRUB  version 2.12\r\n")
    assert run(tmp_path, ALONE, box) == "configured"


def test_a_boot_menu_that_waits_is_told_to_go_on(rack: Rack, tmp_path: Path):
    typed: list[bytes] = []
    line = Line(to_box=lambda data: typed.append(data) or b"")
    line.say(b"\x1b[2;25HGNU GRUB  version 2.12\r\n*Hotspare, slot A\r\n")
    done = threading.Event()

    def answer_enter() -> None:
        while not done.wait(0.02):
            if b"\r" in b"".join(typed):
                line.say(b"Booting `Hotspare, slot A'\r\n\r\nfw login: ")
                return

    thread = threading.Thread(target=answer_enter)
    thread.start()
    box = Appliance.__new__(Appliance)
    box.line = line
    try:
        assert "is configured already" in run(tmp_path, ALONE, box)
    finally:
        done.set()
        thread.join()
        line.close()


@pytest.mark.parametrize(
    "at",
    [
        "password-again",
        "write",
        *(pytest.param(at, marks=pytest.mark.nightly) for at in ("start", "hostname")),
    ],
)
def test_a_menu_that_is_half_answered_begins_anew(rack: Rack, tmp_path: Path, at: str):
    box = rack()
    typist = Person(box.line.path)
    answers = {
        "language": "de",
        "password": "somebody else",
        "password-again": "somebody else",
        "purpose": "alone",
        "hostname": "other",
        "addresses-lan": "10.0.0.1/8",
    }
    while (key := typist.question(30)) != at:
        typist.type(answers.get(key, ""), secret=key.startswith("password"))
    typist.press("half a wo")
    typist.pause(0.2)
    typist.close()
    assert run(tmp_path, ALONE, box) == "configured"
    assert node(box)["name"] == "alpha"
    assert node(box)["language"] == "en"


def test_a_box_that_is_configured_already_is_left_alone(rack: Rack, tmp_path: Path):
    box = rack()
    assert run(tmp_path, ALONE, box) == "configured"
    before = box.stored.read_bytes()
    assert "this box is configured already: it shows a login prompt" in run(tmp_path, ALONE, box)
    assert box.stored.read_bytes() == before


def test_a_box_that_restarts_in_the_middle_is_asked_anew(rack: Rack, tmp_path: Path):
    box = rack()
    done = threading.Event()

    def restart() -> None:
        protocol = tmp_path / "protocol"
        while not done.wait(0.02):
            if protocol.exists() and "< addresses-lan" in protocol.read_text():
                box.power_off()
                box.line.say(b"\r\nSeaBIOS (version 1.16)\r\n")
                box.power_on()
                return

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        told = run(tmp_path, ALONE, box)
    finally:
        done.set()
        thread.join()
    assert told == "configured"
    assert node(box)["name"] == "alpha"


def test_the_wrong_speed_is_told(rack: Rack, tmp_path: Path):
    box = rack(from_box=lambda data: bytes(0x80 | (byte * 7 & 0x7F) for byte in data))
    assert "the speed is probably wrong" in run(tmp_path, ALONE, box)


def test_a_silent_port_is_told(tmp_path: Path):
    line = Line(to_box=lambda _: b"")
    box = Appliance.__new__(Appliance)
    box.line = line
    try:
        assert "nothing at all came from the port" in run(tmp_path, ALONE, box, wait=1.0)
    finally:
        line.close()


def test_a_port_that_vanishes_is_told(rack: Rack, tmp_path: Path):
    box = rack()
    timer = threading.Timer(2.0, box.line.cut)
    timer.start()
    try:
        told = run(tmp_path, ALONE, box)
    finally:
        timer.join()
    assert "the port is gone" in told
    assert not box.stored.exists()


def test_a_port_that_is_not_there_is_told(tmp_path: Path):
    box = Appliance.__new__(Appliance)
    box.line = Line.__new__(Line)
    box.line.path = "/dev/ttyUSB99"
    assert "/dev/ttyUSB99: there is no such serial port" in run(tmp_path, ALONE, box)


def test_an_answer_that_the_box_refuses_ends_it_with_the_place_in_the_file(rack: Rack, tmp_path: Path):
    box = rack()
    told = run(tmp_path, ALONE.replace("berlin", "nowhere"), box)
    assert 'the box refuses the answer to time-zone: "nowhere" is no time zone' in " ".join(told.split())
    assert "site.toml: box 1: time-zone" in told
    assert not box.stored.exists()


def test_an_answer_that_contradicts_another_one_is_told_with_the_key_of_that_one(rack: Rack, tmp_path: Path):
    box = rack()
    wrong = ALONE.replace("ports.lan", 'addresses-wan = "192.168.12.9/24"\nports.lan')
    told = " ".join(run(tmp_path, wrong, box).split())
    assert "the box refuses the answer to addresses-lan: 192.168.12.141/24 overlaps 192.168.12.9/24" in told
    assert 'It contradicts "Addresses of wan" (addresses-wan): 192.168.12.9/24' in told
    assert "site.toml: box 1: addresses-lan" in told
    assert not box.stored.exists()


def test_ctrl_c_leaves_the_menu_at_its_beginning(rack: Rack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    box = rack()
    protocol = tmp_path / "protocol"

    def sleep(seconds: float) -> None:
        mine = threading.current_thread() is threading.main_thread()
        if mine and protocol.exists() and "> alpha" in protocol.read_text():
            monkeypatch.setattr(time, "sleep", real)
            raise KeyboardInterrupt
        real(seconds)

    real = time.sleep
    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, ALONE, box)
    assert "interrupted: nothing was written" in protocol.read_text()
    typist = Person(box.line.path)
    typist.press(typing.REDRAW)
    assert typist.question(10) == "language"
    typist.close()


def test_secrets_that_all_may_read_are_refused_before_a_port_is_opened(tmp_path: Path):
    file = tmp_path / "site.toml"
    file.write_text(ALONE)
    file.chmod(0o644)
    with pytest.raises(FirmwareError, match="everybody on this machine may read it") as refused:
        provision(ProvisionOptions(file, ("/dev/nonsense",), protocol=tmp_path / "protocol"))
    assert refused.value.todo == f"chmod 600 {file}"
    assert not (tmp_path / "protocol").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]
