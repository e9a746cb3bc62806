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
