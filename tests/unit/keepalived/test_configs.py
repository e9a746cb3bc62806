"""Whole configurations of different shape, imported as they are typed, and checked as the nodes do."""

import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hadaemon.config import ClusterConfig
from hadaemon.config.check_model import Check, CountsOn, Http, Present, Process, Program, Tcp
from hadaemon.config.hook_model import Hook
from hadaemon.config.network_model import RouteKind, While
from hadaemon.operations.check_folder import check_folder
from hadaemon.status.states import NodeState
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
    assert [cluster.interval_of(each) for each in cluster.ha_interfaces] == [500, 100, 100]
    assert found.says("sync-link-1.conf:20", "advert_int: 5 s")
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
    (check,) = found.cluster.checks
    assert (check.name, check.target, check.interval) == ("proxy-lives", Process("haproxy"), 1.0)
    assert found.says("watched.conf:36", "eth7", "is none")
    assert found.says("watched.conf:44", "moved.sh is not here", "cluster.d/hooks")
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
    assert found.says("included/20-guests.conf:7", '"load" is tracked', "no track_file of that name")


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


CHECKS = "cluster.d/checks"
LOCAL = IPv4Address("127.0.0.1")


def test_scripts_processes_and_files_of_every_kind(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "tracking-1", "tracking-2")
    assert found.cluster.checks == (
        Check("proxy", Process("haproxy"), 2.0, 2.0, 1, 1),
        Check("names", Process("named"), 1.0, 0.5, 1, 1),
        Check("mail", Tcp(IPv4Address("10.7.0.25"), 25), 3.0, 1.0, 2, 4),
        Check("page", Http(LOCAL, 8080, "/health"), 5.0, 2.0, 1, 1),
        Check("shared-address", Tcp(IPv4Address("10.7.0.1"), 443), 2.0, 2.0, 2, 1, CountsOn.ACTIVE),
        Check("ready", Present("/run/mail.ready"), 1.0, 1.0, 1, 1),
        Check("waiting", Program(f"{CHECKS}/queue.sh"), 20.0, 20.0, 100, 1),
        Check("waiting-long", Program(f"{CHECKS}/queue-2.sh"), 20.0, 20.0, 1, 1),
        Check("branch", Program(f"{CHECKS}/branch"), 10.0, 10.0, 1, 1),
        Check("pipe", Program(f"{CHECKS}/pipe"), 10.0, 10.0, 1, 1),
        Check("not-kept-out", Program(f"{CHECKS}/not-kept-out"), 1.0, 1.0, 1, 1),
        Check("sessions", Program(f"{CHECKS}/count.py"), 1.0, 1.0, 1, 1),
        Check("by-hand", Program(f"{CHECKS}/by-hand"), 2.0, 2.0, 1, 1),
    )
    assert [group.name for group in found.cluster.ping_groups] == ["gateway"]
    assert sorted(path.name for path in (found.folder / CHECKS).iterdir()) == sorted(
        ["queue.sh", "queue-2.sh", "branch", "pipe", "not-kept-out", "count.py", "by-hand"]
    )


def test_a_copied_program_has_the_arguments_that_it_was_called_with(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "tracking-1")
    text = (CONFIGS / "programs/queue.sh").read_text()
    for name, words in (("queue.sh", "1000"), ("queue-2.sh", "5000")):
        written = (found.folder / CHECKS / name).read_text()
        assert written == text.replace("\n", f"\nset -- {words}    # As keepalived called it.\n", 1)
    assert found.says("tracking-1.conf:71", "count.py is called with alice")
    pipe = (found.folder / CHECKS / "pipe").read_text()
    assert pipe == "#!/bin/sh\nip route show default | grep -q via\n"


def test_what_tracking_meant_is_told(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "tracking-1", "tracking-2")
    for line, *told in (
        (13, "interval 1 s, timeout 0.5 s"),
        (13, "a weight of 5 is not more than the difference of the priorities (10)"),
        (18, "without a weight put its node into FAULT"),
        (31, "is a virtual address", "counts on that node alone"),
        (38, "user hotspare-program"),
        (39, "init_fail"),
        (45, "sandbox", "what it calls is in the image"),
        (45, "timeout 20 s, fall 100"),
        (65, "a weight of 1 is not more"),
        (74, "reverse"),
        (78, "nothing tracks it"),
        (81, "what the check proxy looks at"),
        (86, "quorum 2"),
        (90, "param_match initial"),
        (94, "a program reads", "hactl maintenance on"),
        (98, "added to the priority"),
    ):
        assert found.says(f"tracking-1.conf:{line}", *told), (line, told)
    assert found.says("tracking-2.conf:18", "vrrp_script mail: differs from tracking-1.conf:18")
    assert not found.says("tracking-1.conf:8", "a weight of")


def test_a_file_with_a_number_is_read_as_keepalived_did(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "tracking-1")
    program, number = (found.folder / CHECKS / "by-hand").read_text(), tmp_path / "number"
    script = tmp_path / "script"
    script.write_text(program.replace("'/run/keepalived by hand'", str(number)))

    def ends() -> int:
        return subprocess.run(["sh", script], capture_output=True, check=False).returncode

    assert ends() == 0
    for text, status in (("", 0), ("0\n", 0), ("1", 1), ("-3\n", 1)):
        number.write_text(text)
        assert ends() == status


def test_a_group_and_instances_that_tell(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "notify-group")
    active, backup, fault = NodeState.ACTIVE, NodeState.BACKUP, NodeState.FAULT
    stopped = (NodeState.MAINTENANCE, NodeState.OFF)
    assert found.cluster.hooks == (
        Hook("cluster.d/hooks/told.sh", (active, backup, fault)),
        Hook("cluster.d/hooks/told-2.sh", (active, backup, fault, *stopped)),
        Hook("cluster.d/hooks/notify-stop", stopped),
        Hook("cluster.d/hooks/count.py", (active,)),
    )
    assert found.says("notify-group.conf:20", "the same program again")
    assert found.says("notify-group.conf:7", "told.sh seems to call systemctl", "[[follow.services]]")
    assert found.says("notify-group.conf:22", "no hook can change the node", "[[follow.services]]")
    assert found.says("notify-group.conf:23", "notify_deleted")
    assert found.says("notify-group.conf:34", "count.py is called with words of its own")


@pytest.mark.parametrize(
    "name,state,said",
    [
        ("told.sh", "active", "up EDGE"),
        ("told.sh", "fault", "down EDGE"),
        ("told-2.sh", "backup", "any GROUP EDGE BACKUP 120"),
        ("told-2.sh", "maintenance", "any GROUP EDGE STOP 120"),
    ],
)
def test_a_hook_is_called_as_its_script_was(name: str, state: str, said: str, tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "notify-group")
    text = (found.folder / "cluster.d/hooks" / name).read_text()
    (tmp_path / "hook").write_text(text.partition("# Tells")[0] + 'echo "$*"\n')
    done = subprocess.run(
        ["sh", tmp_path / "hook", "edge", "fw-a", "backup", state, "why"],
        env={"HOTSPARE_STATE": state},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{said}\n"


def test_the_script_of_conntrackd_is_not_needed(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "handed-over")
    (hook,) = found.cluster.hooks
    assert hook == Hook("cluster.d/hooks/told.sh", (NodeState.MAINTENANCE, NodeState.OFF))
    for line in (6, 7, 8):
        assert found.says(f"handed-over.conf:{line}", "the script for conntrackd")


def test_scripts_that_were_not_copied(tmp_path: Path) -> None:
    found = typed(tmp_path / "site", "script-missing")
    assert (found.cluster.checks, found.cluster.hooks) == ((), ())
    assert not (found.folder / "cluster.d").exists()
    assert found.says("script-missing.conf:2", "/opt/checks/busy.sh is not here", "cluster.d/checks/")
    assert found.says("script-missing.conf:16", "/opt/checks/moved.sh is not here", "cluster.d/hooks/")
