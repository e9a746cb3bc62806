"""The first set-up of boxes that nobody has prepared, typed at their serial consoles."""

import re
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from firmware.lab.command import LINK_SPEED
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from tests.lab.person import Person

from .traffic import pass_through_each, two_hosts

BOOT_SECONDS = 240.0
STEP_SECONDS = 120.0
PAIR_SECONDS = 240.0


def typist_at(node: Node) -> Person:
    return Person(f"unix://{node.spec.sockets.serial}")


def says_that_it_is_here(capture: Path) -> bool:
    return capture.exists() and b"HSBC" in capture.read_bytes()


def assert_nothing_is_held(node: Node) -> None:
    """Of the time when all cards were on for the beacon, nothing is left."""
    links = node.run("ip -oneline link show").output.splitlines()
    assert not [link for link in links if " group default " not in link]
    assert "fe80:" not in node.run("ip -6 -brief address show").output


def answers(lab: Lab, name: str, purpose: str) -> dict[str, str | list[str]]:
    """What a person would type for a node of the lab; Enter where nothing is said."""
    node = lab.topology.node(name)
    lan, wan = (str(node.port(port).addresses[0]) for port in ("lan", "wan"))
    return {
        "language": "1",
        "password": ["short", lab.admin_password],
        "password-again": lab.admin_password,
        "hostname": name,
        "time-zone": "berlin",
        "purpose": purpose,
        "port-1": "lan",
        "port-2": "wan",
        "addresses-lan": ["192.168.12.300/24", lan],
        "addresses-wan": wan,
        "write": "yes",
        "virtual-lan": "192.168.12.1/24",
        "virtual-wan": "192.168.175.101/24",
        "gateway": "192.168.175.1",
        "ssh": "lan",
    }


@pytest.mark.nightly
def test_a_master_is_set_up_over_the_serial_line(blank: Lab) -> None:
    alpha = blank.node("alpha")
    alpha.power_on()
    typist = typist_at(alpha)
    try:
        typed = answers(blank, "alpha", "create") | {
            "hotwire-find": "by-hand",
            "hotwire": "3",
            "pair": "later",
        }
        assert typist.question(BOOT_SECONDS) == "language"
        for port in alpha.data.ports:
            capture = blank.folder / f"{port.network}.pcap"
            wait_until(
                partial(says_that_it_is_here, capture), Deadline(BOOT_SECONDS), f"a beacon on {port.name}"
            )
        asked = typist.answer(typed, "pair", BOOT_SECONDS)
        typist.wait_for("alpha is configured.", STEP_SECONDS)
        typist.wait_for("login: ", STEP_SECONDS)
    finally:
        typist.close()
    assert asked.count("password") == 2
    assert asked.count("addresses-lan") == 2
    assert blank.admin_password not in typist.screen
    status = alpha.status()
    assert (status["configuration"], status["status"]["role"]) == ("cluster", "master")
    assert status["status"]["state"] == "off", "it is activated when the boxes are paired"
    addresses = alpha.run("ip -br address show; date +%Z; hostname").output
    assert "192.168.12.141/24" in addresses
    assert re.search(r"^CES?T$", addresses, re.MULTILINE)
    assert addresses.split()[-1] == "alpha"
    assert_nothing_is_held(alpha)


@pytest.mark.nightly
def test_a_pair_is_set_up_over_two_serial_lines(blank: Lab) -> None:
    """As two people would: the master is created, the spare joins with the code that the master shows. Each
    looks for the hotwire alone: first the master, while nobody searches at the spare, then the spare."""
    alpha, beta = blank.node("alpha"), blank.node("beta")
    create, join = answers(blank, "alpha", "create"), answers(blank, "beta", "join")
    # The lab's switches give no sign of themselves, so to the master every card looks like a direct cable.
    create |= {"hotwire": "3"}
    join |= {"card-lan": "1", "card-wan": "1"}
    with ExitStack() as consoles:
        alpha.power_on()
        master = consoles.enter_context(closing(typist_at(alpha)))
        master.answer(create, "purpose", BOOT_SECONDS)
        beta.power_on()
        spare = consoles.enter_context(closing(typist_at(beta)))
        spare.answer(join, "purpose", BOOT_SECONDS)
        master.answer({}, "hotwire-find", STEP_SECONDS)
        asked = master.answer(create, "write", PAIR_SECONDS)
        assert asked[0] == "hotwire"
        told = " ".join(master.screen.split())
        assert told.count(f"{LINK_SPEED} Mbit/s cabled directly to an unpaired node") == 3
        assert master.question(PAIR_SECONDS) == "pair", "it is set up, and shows no code yet"
        spare.answer({}, "hotwire-find", STEP_SECONDS)
        assert spare.answer(join, "hotwire", STEP_SECONDS) == ["hotwire"]
        found = f'[ports.hotwire] mac = "{beta.mac("hotwire")}"'
        assert found in " ".join(spare.screen.split()), "a box that is set up says it there only"
        master.answer({}, "pair", STEP_SECONDS)
        spare.answer(join, "write", STEP_SECONDS)
        spare.wait_for("the code that the other node shows: ", STEP_SECONDS)
        master.wait_for("three attempts", STEP_SECONDS)
        code = re.findall(r"type  (\d{3} \d{3})", master.screen)[-1]
        spare.type(code)
        asked = spare.answer(join, "addresses-wan", PAIR_SECONDS)
        assert not {"gateway", "dns", "ntp", "ssh"} & set(asked), "those come from the master"
        spare.wait_for("beta is configured.", PAIR_SECONDS)
        master.answer({"check": "now"}, "check", PAIR_SECONDS)
        master.wait_for("alpha is configured.", PAIR_SECONDS)
    found = " ".join(master.screen.split())
    for node in ("alpha", "beta"):
        assert f"{node} gateway 192.168.175.1 good answers in" in found, "each node tries its own way"
    assert "alpha the pair good redundant" in found
    alpha.wait_for_state("active", PAIR_SECONDS)
    beta.wait_for_state("backup", PAIR_SECONDS)
    assert beta.status()["sync"]["state"] == "synchronized"
    addresses = beta.run("ip -br address show").output
    assert "192.168.12.142/24" in addresses
    assert "192.168.12.1/24" not in addresses
    assert_nothing_is_held(alpha)
    assert_nothing_is_held(beta)
    blank.node("beta").wait_until("hactl --peer status", STEP_SECONDS, root=True)
    alpha.wait_until("hactl status --check", PAIR_SECONDS)
    assert alpha.status()["verdict"] == {"redundancy": "redundant", "reasons": []}
    with two_hosts(blank) as (inner, outer):
        assert list(pass_through_each(blank, inner, outer, STEP_SECONDS)) == ["alpha", "beta"]


def strike(typist: Person, keys: bytes) -> None:
    """Keys that are no answer, and Enter: no echo of them is waited for."""
    typist.forget()
    typist.press(keys + b"\r")


STARTS = "Booting `Hotspare"
"""What GRUB says last, at each start."""
NOISE = b"\x00\xff\x1b[200~\x1b9\x13\x1a\x1c\xc3\x80\x9b\x18("


@pytest.mark.nightly
def test_no_key_and_no_break_takes_the_console_or_reboots_a_box(blank: Lab) -> None:
    """On a real serial line, with the real getty: what the pseudo-terminals of the unit tests do not have."""
    alpha = blank.node("alpha")
    alpha.power_on()
    typist = typist_at(alpha)
    try:
        deadline = Deadline(BOOT_SECONDS)
        while STARTS not in typist.screen:
            assert not deadline.expired, typist.screen
            typist.press(b"x\r \xff\x00")
            typist.glance()
        assert "GNU GRUB" not in typist.screen, "noise stops no countdown"
        assert typist.question(BOOT_SECONDS) == "language"
        boots = typist.screen.count(STARTS)
        for letter in ("b", "c", "u", "k", "s", "o"):
            alpha.machine.qmp.execute("chardev-send-break", id="serial")
            typist.type(letter)
            assert typist.question(STEP_SECONDS) in ("language", "start")
        strike(typist, b"\x04")
        typist.wait_for("language > ", STEP_SECONDS)
        typist.type("1")
        assert typist.question(STEP_SECONDS) in ("language", "start"), "it came back after Ctrl-D"
        strike(typist, NOISE)
        typist.question(STEP_SECONDS)
        strike(typist, b"\x03")
        typist.wait_for("Stopped: nothing was changed.", STEP_SECONDS)
        answered = answers(blank, "alpha", "alone")
        typist.answer(answered, "write", STEP_SECONDS)
        typist.wait_for("login: ", STEP_SECONDS)
    finally:
        typist.close()
    assert typist.screen.count(STARTS) == boots, "it did not reboot"
    assert not re.search(r"^(root@|\(initramfs\)|[#$] $)", typist.screen, re.MULTILINE)
    assert alpha.run("cat /proc/sys/kernel/sysrq").output.strip() == "0"
    assert alpha.run("cat /proc/sys/kernel/random/boot_id; uptime -s").output
    journal = alpha.run("journalctl -b --no-pager", root=True).output
    assert blank.admin_password not in journal
    assert "sysrq: Resetting" not in journal


@pytest.mark.nightly
def test_a_factory_reset_leaves_nothing_on_the_data_partition(blank: Lab) -> None:
    """The initrd of the next start carries it out, by the mark that the menu leaves."""
    alpha = blank.node("alpha")
    set_up_alone(blank, alpha)
    alpha.run("touch /data/state/forgotten /data/var/kept && mkdir /data/own && sync", root=True)
    alpha.power_off()
    set_up_alone(blank, alpha)
    found = alpha.run("ls -A /data /data/var /data/state", root=True).output.split()
    assert {"state", "var", "node.toml"} <= set(found)
    assert not {"kept", "own", "forgotten"} & set(found)
    assert "factory reset" in alpha.run("dmesg", root=True).output


def set_up_alone(lab: Lab, node: Node) -> None:
    """Starts it, and types what makes it a node that stands alone."""
    node.power_on()
    typist = typist_at(node)
    try:
        assert typist.question(BOOT_SECONDS) == "language"
        typist.answer(answers(lab, node.name, "alone"), "write", STEP_SECONDS)
        typist.wait_for("login: ", STEP_SECONDS)
    finally:
        typist.close()
