"""dnsmasq is asked what it thinks of its configuration before that counts."""

from pathlib import Path

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.io.programs import dnsmasq
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.state.services_check import service_problems
from hadaemon.sync.tree import make_tree
from tests.unit.config.test_follow import CLUSTER, FOLLOW, NODE


def test_what_is_right_is_taken():
    assert service_problems(load_node(NODE), load_cluster(CLUSTER + FOLLOW)) == ()
    assert service_problems(load_node(NODE), load_cluster(CLUSTER)) == ()


def test_what_dnsmasq_refuses_is_told_in_its_words():
    assert "bad dhcp-range" in dnsmasq.dnsmasq_says("dhcp-range=nonsense\n")


def test_where_there_is_no_dnsmasq_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dnsmasq, "DNSMASQ", "/nowhere/dnsmasq")
    assert dnsmasq.dnsmasq_says("dhcp-range=nonsense\n") == ""


def test_a_refusal_is_one_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "node.toml").write_text(NODE)
    here = OwnConfiguration(tmp_path, tmp_path / "no-daemon")
    tree = make_tree({"cluster.toml": (CLUSTER + FOLLOW).encode()}, "here")
    here.check(tree)
    monkeypatch.setattr("hadaemon.state.services_check.dnsmasq_says", lambda text: "a wrong line")
    with pytest.raises(Refused) as refused:
        here.check(tree)
    assert refused.value.problems == ("follow.dhcp: dnsmasq refuses its configuration: a wrong line",)


SERVICES = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[follow.services]]
unit = "openvpn-server@office.service"
[[follow.services]]
unit = "report.timer"
"""


def test_a_unit_that_the_firmware_lacks_is_told(tmp_path: Path) -> None:
    node = load_node('schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n')
    cluster = load_cluster(SERVICES)
    first, second = folders = (tmp_path / "first", tmp_path / "second")
    for folder in folders:
        folder.mkdir()
    assert service_problems(node, cluster, folders) == (), "not on a box of ours: nobody knows"
    (second / "hadaemon.service").touch()
    told = service_problems(node, cluster, folders)
    assert [each.partition(":")[0] for each in told] == ["follow.services[0].unit", "follow.services[1].unit"]
    (first / "openvpn-server@.service").touch()
    (told,) = service_problems(node, cluster, folders)
    assert "this firmware has no report.timer" in told
    (first / "report.timer").touch()
    assert service_problems(node, cluster, folders) == ()
