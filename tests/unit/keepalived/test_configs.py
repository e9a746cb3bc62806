"""Whole configurations of different shape, imported as they are typed, and checked as the nodes do."""

import subprocess
from pathlib import Path

import pytest

from hadaemon.config import ClusterConfig
from hadaemon.config.network_model import RouteKind, While
from hadaemon.operations.check_folder import check_folder
from hadaemon.vrrp.authentication import Password, Signatures
from hadaemon.vrrp.model import Checksum, Version
from tests.unit.firmware.test_options import launch
from tests.unit.keepalived.importing import CONFIGS, Imported, read_back


@pytest.fixture(autouse=True)
def takes_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """nftables takes every rule set: there are no rules in what is imported."""
    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", lambda _: None)


def typed(into: Path, *names: str, conntrackd: bool = False) -> Imported:
    words = [f"{CONFIGS}/{name}.conf" for name in names]
    for name in names if conntrackd else ():
        words += ["--conntrackd", f"{CONFIGS}/{name}.conntrackd"]
    done: subprocess.CompletedProcess[str] = launch("import", *words, "--into", str(into))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Traceback" not in done.stdout
    assert done.stdout.startswith((into / "import.txt").read_text())
    found = read_back(into, done.stdout.replace(f"{CONFIGS}/", ""))
    checked = check_folder(into)
    assert checked.problems == []
    assert checked.nodes == sorted(found.nodes)
    return found


def shape(cluster: ClusterConfig) -> list[tuple[str, int, list[str]]]:
    """Port, VRID and virtual addresses of each HA interface."""
    return [
        (each.port, each.vrid, [str(address) for address in each.virtual_addresses])
        for each in cluster.ha_interfaces
    ]


def own(found: Imported, node: str) -> dict[str, list[str]]:
    ports = found.nodes[node].ports.values()
    return {port.name: [str(address) for address in port.addresses] for port in ports}


def test_two_gateways_that_speak_over_a_link_of_their_own(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "sync-link-1", "sync-link-2", conntrackd=True)
    cluster = found.cluster
    assert (cluster.name, cluster.master) == ("gates", "gate-1")
    assert shape(cluster) == [
        ("ens18", 11, ["198.51.100.10/28"]),
        ("ens20-5", 12, ["10.20.5.1/24"]),
        ("ens20-6", 1, ["10.20.6.1/24"]),
    ]
    assert (cluster.vrrp.version, cluster.vrrp.preempt) == (Version.V2, False)
    assert cluster.vrrp.authentication == Password(b"longerth")
    assert cluster.hotwire is not None
    assert cluster.hotwire.port == "ens19"
    assert {name: str(each) for name, each in cluster.hotwire.addresses.items()} == {
        "gate-1": "172.31.9.1/24",
        "gate-2": "172.31.9.2/24",
    }
    assert found.nodes["gate-2"].ports["ens20-5"].vlan == 5
    assert found.says("sync-link-1.conf:23", "first 8 characters")
    assert found.says("sync-link-2.conf:26", "(label)")
    assert found.says("sync-link-1.conntrackd:2", "NOTRACK", "FTFW")
    assert found.says("sync-link-1.conf:11", "the script for conntrackd")
    assert "external cache" not in found.report
    assert found.says("sync-link-1.conntrackd:23", "tcp, sctp are told")
    assert (cluster.conntrack.protocols, cluster.conntrack.ignore) == (("tcp", "sctp"), ())


def test_unicast_between_two_routers(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "unicast-1", "unicast-2")
    (interface,) = found.cluster.ha_interfaces
    assert {name: str(each) for name, each in interface.peers.items()} == {
        "unicast-1": "203.0.113.11",
        "unicast-2": "203.0.113.12",
    }
    assert own(found, "unicast-1") == {"eth0": ["203.0.113.11/27"]}
    vrrp = found.cluster.vrrp
    assert (vrrp.version, vrrp.advertisement_interval, vrrp.preempt_delay) == (Version.V3, 25, 30.0)
    assert vrrp.checksum is Checksum.RFC5798
    assert found.cluster.hotwire is None
    assert "Join the two boxes by a cable" in found.report


def test_one_file_for_both_nodes(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "conditions")
    assert found.cluster.master == "east"
    assert shape(found.cluster) == [("bond0-30", 30, ["10.44.7.1/24"]), ("bond0-31", 31, ["10.44.8.1/24"])]
    assert own(found, "east")["bond0-31"] == ["10.44.8.2/24"]
    assert own(found, "west")["bond0-31"] == ["10.44.8.3/24"]
    assert found.nodes["west"].ports["bond0"].members
    assert found.says("conditions.conf:25", "moved one by one")


def test_both_families_signed_with_virtual_mac_addresses(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "dual-stack")
    assert shape(found.cluster) == [
        ("lan0", 5, ["192.0.2.1/24", "192.0.2.65/32", "fe80::5/64", "2001:db8:5::1/64"]),
        ("wan0", 1, ["198.51.100.66/29"]),
    ]
    vrrp = found.cluster.vrrp
    assert vrrp.virtual_mac
    assert isinstance(vrrp.authentication, Signatures)
    assert (vrrp.authentication.mode, vrrp.authentication.key_id) == ("permissive", 3)
    assert vrrp.authentication.keys[4] == b"another key of at least thirty-two characters"
    assert found.says("dual-stack.conf:46", "VRID 1", "VRID 5")
    assert found.says("dual-stack.conf:14", "advertised, too")
    assert "another key" not in found.report


def test_two_routers_that_shared_the_load(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "balanced-1", "balanced-2")
    assert shape(found.cluster) == [("eth1", 61, ["10.1.0.1/16", "10.1.0.2/16"])]
    assert found.says("balanced-1.conf:6", "A, B were preferred on different ones")
    assert found.says("balanced-1.conf:20", "virtual_server", "HAProxy")
    assert found.says("balanced-1.conf:14", "VRID 62 is not used any more")


def test_scripts_links_and_mail(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "watched")
    (group,) = found.cluster.ping_groups
    assert (group.name, [str(host) for host in group.hosts]) == ("way-out", ["203.0.113.1"])
    assert (group.interval, group.timeout, group.failures, group.recoveries) == (2.0, 1.0, 3, 2)
    alarms = found.cluster.system.alarms
    assert alarms is not None
    assert alarms.mail is not None
    assert (alarms.mail.relay, alarms.mail.port) == ("10.9.0.25", 2525)
    assert alarms.mail.recipients == ("noc@example.org", "night@example.org")
    assert found.says("watched.conf:20", "killall -0 haproxy", "[[follow.services]]")
    assert found.says("watched.conf:36", "eth7", "is none")
    assert found.says("watched.conf:44", "notify", "[[follow.services]]")
    assert found.says("watched.conf:37", "no weights")
    assert found.says("watched.conf:51", "always counts")


def test_routes_rules_and_own_addresses(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "routed")
    routes = [(str(each.destination), str(each.gateway), each.port) for each in found.cluster.system.routes]
    assert routes == [
        ("0.0.0.0/0", "192.168.61.254", "eth1"),
        ("172.16.0.0/12", "192.168.60.254", "eth0"),
        ("10.66.0.0/16", "None", None),
        ("10.0.0.0/8", "192.168.61.254", "eth1"),
        ("10.5.0.0/16", "192.168.61.253", "eth1"),
    ]
    assert [each.exists_while for each in found.cluster.system.routes] == [While.ACTIVE] * 3 + [None] * 2
    assert found.cluster.system.routes[2].kind is RouteKind.BLACKHOLE
    assert own(found, "routed") == {"eth0": ["192.168.60.2/24"], "eth1": ["192.168.61.2/24"]}
    assert not found.cluster.vrrp.accept_mode
    for line, word in (
        (31, "10.66.0.0/16"),
        (32, "nexthop"),
        (33, "table"),
        (35, "ip rule"),
        (13, "ip rule"),
    ):
        assert found.says(f"routed.conf:{line}", word)


def test_includes(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "including")
    assert [port for port, _, _ in shape(found.cluster)] == ["em1", "em1-400", "em2"]
    assert found.cluster.master == "hub"
    assert found.says("included/20-guests.conf:9", "no_such_word")
    assert found.says("included/30-dmz.inc:4", "VRID 1", "VRID 201")
    assert found.says("included/20-guests.conf:7", "track_file")


def test_an_instance_that_speaks_elsewhere(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "one-arm", conntrackd=True)
    (interface,) = found.cluster.ha_interfaces
    assert (interface.port, interface.addresses_on) == ("mgmt0", "ppp-lan")
    assert [str(address) for address in interface.virtual_addresses] == ["100.64.3.2/30"]
    assert found.cluster.hotwire is not None
    assert found.cluster.hotwire.port == "cross0"
    assert found.cluster.vrrp.preempt
    assert found.says("one-arm.conf:7", "nopreempt beside state MASTER")
    assert found.says("one-arm.conf:5", "address owner")
    assert found.says("one-arm.conntrackd:19", "ESTABLISHED", "no filters")
