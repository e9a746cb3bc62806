"""The answers file: all that is wrong in it comes out at once, with its place, before a port is opened."""

import pytest

from firmware.provision.answers import AnswersError, read_site
from firmware.provision.screen import CardRow

GOOD = """
schema = 1
[common]
password = "correct horse battery"
time-zone = "Europe/Berlin"
[[box]]
port = "/dev/ttyUSB0"
hostname = "alpha"
purpose = "create"
ports = { lan = "00:0D:B9:00:00:01", hotwire = "00:0d:b9:00:00:03" }
virtual-lan = ["192.168.12.1/24"]
dhcp-server-lan = false
vrid-offset = 60
priority = "stay"
[[box]]
hostname = "beta"
purpose = "join"
time-zone = "UTC"
ports = { lan = "00:0d:b9:00:01:01", hotwire = "00:0d:b9:00:01:03" }
"""
CARDS = tuple(CardRow(f"eth{n}", f"00:0d:b9:00:00:0{n}", "igb", "up") for n in (1, 2, 3))


def problems(text: str) -> str:
    with pytest.raises(AnswersError) as refused:
        read_site(text, "site.toml")
    assert refused.value.where == "site.toml"
    assert "no port was opened" in refused.value.todo
    return "\n".join(map(str, refused.value.problems))


def test_a_box_has_what_is_common_and_what_is_its_own():
    alpha, beta = read_site(GOOD, "site.toml").boxes
    assert alpha.answers["time-zone"] == "Europe/Berlin"
    assert beta.answers["time-zone"] == "UTC"
    assert alpha.ports["lan"] == "00:0d:b9:00:00:01"
    assert (alpha.answers["virtual-lan"], alpha.answers["dhcp-server-lan"]) == ("192.168.12.1/24", "no")
    assert alpha.answers["priority"] == "stay"
    assert (alpha.answers["vrid-offset"], alpha.answers["admin"]) == ("60", "password")
    assert (beta.joins, alpha.joins) == ("alpha", "")


def test_nothing_secret_is_in_what_a_box_calls_itself():
    site = read_site(GOOD, "site.toml")
    assert site.secrets == {"correct horse battery"}
    assert "correct" not in repr(site)


def test_a_box_is_known_by_its_cards_and_its_port():
    site = read_site(GOOD, "site.toml")
    assert site.box_at("/dev/ttyUSB0", CARDS) is site.boxes[0]
    assert "beta" not in str(site.box_at("/dev/ttyUSB1", CARDS)), "alpha must be at its own port"
    assert "no box of the file has the cards" in str(site.box_at("/dev/ttyUSB1", CARDS))
    wrong = str(site.box_at("/dev/ttyUSB0", CARDS[:2]))
    assert "alpha has 00:0d:b9:00:00:03, and the box at this port has eth1 00:0d:b9:00:00:01 (igb)" in wrong


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("schema = 1", "schema = 2", "schema: it must be 1"),
        ("schema = 1", "schema = ", "the file: it is not TOML"),
        ("[common]", "[comon]", "comon: there is no such table"),
        ('password = "correct horse battery"', "", "box 1: password: the administrator needs"),
        ("correct horse battery", "short", "box 1: password: it has 5 characters: at least 8"),
        ("correct horse battery", "schöner Igel", "box 1: password: it cannot be typed"),
        ('"create"', '"lead"', "box 1: purpose: it is one of: alone, create, join"),
        ('hostname = "alpha"', "", "box 1: hostname: it is missing"),
        ('"alpha"', '"Alpha!"', "box 1: hostname: lower-case letters"),
        ('"beta"', '"alpha"', "box 2: hostname: alpha is that of box 1 already"),
        ("00:01:01", "00:00:01", "box 2: ports: 00:0d:b9:00:00:01 is that of box 1 already"),
        ("00:0D:B9:00:00:01", "eth0", "box 1: ports.lan: a MAC address is wanted"),
        ("00:0D:B9:00:00:01", "00:0d:b9:00:00:03", "box 1: ports.hotwire: 00:0d:b9:00:00:03 is another"),
        ("hotwire = ", "cable = ", "box 1: ports.hotwire: a box of a pair has a card for the hotwire"),
        ("192.168.12.1/24", "192.168.12.300/24", "box 1: virtual-lan: 192.168.12.300/24 is no address"),
        ("192.168.12.1/24", "192.168.12.1", "box 1: virtual-lan: 192.168.12.1 has no prefix length"),
        ("virtual-lan", "virtual-dmz", "box 1: virtual-dmz: it is of a port that ports does not name"),
        ("vrid-offset", "vrid-ofset", "box 1: vrid-ofset: it is no question of the menu"),
        ('"join"', '"join"\njoins = "gamma"', "box 2: joins: name the master, one of: alpha"),
        ('"join"', '"alone"\njoins = "alpha"', "box 2: joins: only a box"),
        ("vrid-offset", 'pair = "later"\nvrid-offset', 'box 2: joins: alpha has pair = "later"'),
        ('"/dev/ttyUSB0"', "7", "box 1: port: it is a text"),
        ("vrid-offset", 'baud = "fast"\nvrid-offset', "box 1: baud: it is a number"),
        ("[common]", '[common]\nhostname = "all"', "common.hostname: this is each box's own"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, said: str):
    assert old in GOOD
    assert said in problems(GOOD.replace(old, new))


def test_everything_that_is_wrong_comes_out_at_once():
    told = problems(GOOD.replace('"create"', '"lead"').replace("vrid-offset", "vrid").replace("UTC", "\\n"))
    assert len(told.splitlines()) >= 3
