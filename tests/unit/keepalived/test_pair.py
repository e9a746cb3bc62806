"""Two files as one pair, and what no file says: names, ports, MAC addresses, own addresses."""

import json
from pathlib import Path

import pytest

from hadaemon.config import BondMode
from hadaemon.errors import HadaemonError
from hadaemon.keepalived.ports import MISSING
from hadaemon.operations.import_keepalived import ImportRequest, RefusedImport, import_keepalived
from tests.unit.keepalived.importing import imported, write

ONE = """
vrrp_instance V {
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {
        192.0.2.1/24
    }
}
"""


@pytest.fixture(autouse=True)
def takes_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", lambda _: None)


def with_line(line: str, text: str = ONE) -> str:
    return text.replace("    virtual_router_id 7\n", f"    virtual_router_id 7\n    {line}\n")


@pytest.mark.parametrize(
    "lines,master",
    [
        (("priority 50", "priority 60"), "beta"),
        (("priority 60", "priority 50"), "alpha"),
        (("state MASTER", "state BACKUP"), "alpha"),
        (("priority 90",), "beta"),
        (("priority 90\n    state MASTER",), "alpha"),
        (("priority 100",), "alpha"),
    ],
)
def test_who_is_the_master(lines: tuple[str, ...], master: str, tmp_path: Path) -> None:
    found = imported(tmp_path, *(with_line(line) for line in lines), names=("alpha", "beta"))
    assert found.cluster.master == master
    assert found.says("k.conf:", "priorit", f'"{master}"')


@pytest.mark.parametrize(
    "first,second,names",
    [
        ("", "", {"k", "other"}),
        ("global_defs { router_id FW_1.example.org }", "global_defs { router_id FW_2 }", {"fw-1", "fw-2"}),
        ("global_defs { router_id LVS }", "", {"k", "other"}),
        ("global_defs { router_id same }", "global_defs { router_id same }", {"same", "beta"}),
    ],
)
def test_names(first: str, second: str, names: set[str], tmp_path: Path) -> None:
    assert imported(tmp_path, first + ONE, second + ONE).nodes.keys() == names


def test_of_one_node_the_other_is_a_skeleton(tmp_path: Path) -> None:
    path = write(tmp_path, ONE, "keepalived.conf")
    import_keepalived(ImportRequest((path,), tmp_path / "site"))
    assert {each.name for each in (tmp_path / "site").iterdir()} == {
        *("cluster.toml", "import.txt", "alpha", "beta"),
    }
    assert f'mac = "{MISSING}eth0"' in (tmp_path / "site/beta/node.toml").read_text()


BOX = [
    {"ifname": "lo", "address": "00:00:00:00:00:00", "addr_info": []},
    {"ifname": "p1", "address": "02:00:00:00:01:01", "permaddr": "02:00:00:00:01:02", "master": "bond0"},
    {"ifname": "p2", "address": "02:00:00:00:01:01", "master": "bond0"},
    {
        "ifname": "bond0",
        "address": "02:00:00:00:01:01",
        "linkinfo": {"info_kind": "bond", "info_data": {"mode": "802.3ad"}},
    },
    {
        "ifname": "office",
        "link": "bond0",
        "address": "02:00:00:00:01:01",
        "linkinfo": {"info_kind": "vlan", "info_data": {"protocol": "802.1Q", "id": 12}},
        "addr_info": [
            {"local": "192.0.2.2", "prefixlen": 24, "scope": "global"},
            {"local": "192.0.2.1", "prefixlen": 24, "scope": "global"},
            {"local": "192.0.2.99", "prefixlen": 24, "scope": "global", "dynamic": True},
            {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
        ],
    },
]


def test_what_ip_says_of_a_box(tmp_path: Path) -> None:
    """VLANs and bonds whatever they are called, and own addresses, without those that keepalived has set."""
    box = write(tmp_path, json.dumps(BOX), "box.json")
    found = imported(tmp_path, ONE.replace("eth0", "office"), names=("alpha", "beta"), boxes=(box,))
    ports = found.nodes["alpha"].ports
    assert ports["bond0"].members == ("02:00:00:00:01:02", "02:00:00:00:01:01")
    assert ports["bond0"].bond_mode is BondMode.LACP
    assert (ports["office"].parent, ports["office"].vlan) == ("bond0", 12)
    assert [str(each) for each in ports["office"].addresses] == ["192.0.2.2/24"]
    assert found.nodes["beta"].ports["office"].vlan == 12


def test_a_bridge_is_no_port(tmp_path: Path) -> None:
    bridge = [{"ifname": "eth0", "address": "02:00:00:00:00:01", "linkinfo": {"info_kind": "bridge"}}]
    box = write(tmp_path, json.dumps(bridge), "box.json")
    found = imported(tmp_path, ONE, names=("alpha", "beta"), boxes=(box,))
    assert "look at eth0 of alpha (it was a bridge)" in " ".join(found.report.split())


def test_names_of_ports_and_mac_addresses_as_asked_for(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        ONE,
        names=("alpha", "beta"),
        ports=("eth0=lan",),
        cards=("alpha.lan=02-00-00-00-00-AA", "beta.eth0=02:00:00:00:00:bb"),
    )
    assert found.nodes["alpha"].ports["lan"].mac == "02:00:00:00:00:aa"
    assert found.nodes["beta"].ports["lan"].mac == "02:00:00:00:00:bb"
    assert "MAC" not in found.report


def test_interfaces_that_are_called_otherwise_on_the_other_node(tmp_path: Path) -> None:
    other = ONE.replace("eth0", "enp9s0").replace("vrrp_instance V", "vrrp_instance W")
    found = imported(tmp_path, ONE, other, names=("alpha", "beta"), cards=("beta.enp9s0=02:00:00:00:00:bb",))
    assert found.nodes["beta"].ports["eth0"].mac == "02:00:00:00:00:bb"


def test_where_the_two_files_differ(tmp_path: Path) -> None:
    other = with_line("advert_int 3").replace("192.0.2.1/24", "192.0.2.1/24\n        192.0.2.9/24")
    found = imported(tmp_path, with_line("advert_int 2"), other)
    assert found.cluster.vrrp.advertisement_interval == 200
    assert found.says("other.conf:2", "interval differs")
    assert found.says("other.conf:8", "192.0.2.9/24 is in one of the two files only")
    assert len(found.cluster.ha_interfaces[0].virtual_addresses) == 2


def test_unicast_from_one_file_needs_both_addresses(tmp_path: Path) -> None:
    peer = "unicast_peer { 192.0.2.3 }"
    found = imported(tmp_path, with_line(peer))
    assert not found.cluster.ha_interfaces[0].peers
    assert found.says("k.conf:5", "multicast", "unicast_src_ip")


@pytest.mark.parametrize(
    "line,place,said",
    [
        ("smtp_alert", "k.conf:5", "no smtp_server"),
        ("notify_master /opt/up", "k.conf:5", "/opt/up is not here"),
        ("authentication { auth_type AH }", "k.conf:5", "auth_type AH"),
        ("use_vmac vrrp.7 02:00:00:00:00", "k.conf:5", "00:00:5e:00:01:VRID"),
        ("unicst_peer { 192.0.2.3 }", "k.conf:5", "did you mean unicast_peer?"),
        ("advert_int 0.4", "k.conf:5", "steps of 1 s"),
        ("preempt_delay 5\n    state MASTER", "k.conf:5", "keepalived ignores it"),
    ],
)
def test_what_is_told_of_single_words(line: str, place: str, said: str, tmp_path: Path) -> None:
    assert imported(tmp_path, with_line(line)).says(place, said)


@pytest.mark.parametrize(
    "line,said",
    [
        ("vrrp_rt_priority 50", "hadaemon sees to that itself"),
        ("nftables keepalived", "vrrp.accept_mode"),
        ("script_user nobody", "hotspare-program"),
        ("vrrp_delay_after_boot 10", "listens until it knows who is active"),
        ("no_email_faults", "alarms.minimum"),
        ("enable_snmp_rfcv3", "no SNMP"),
        ("lvs_flush", "no LVS"),
        ("startup_script /opt/x", "before the daemon begins"),
        ("vrrp_notify_fifo /run/x", "[[hooks]]"),
        ("vrrp_rt_prioritty 50", "did you mean vrrp_rt_priority?"),
    ],
)
def test_what_is_told_of_words_for_all(line: str, said: str, tmp_path: Path) -> None:
    assert imported(tmp_path, f"global_defs {{\n{line}\n}}" + ONE).says("k.conf:2", said)


@pytest.mark.parametrize("line", ["net_namespace x", "use_pid_dir", "linkbeat_use_polling", "instance a"])
def test_words_above_all_blocks_are_known(line: str, tmp_path: Path) -> None:
    assert "no word that is known" not in imported(tmp_path, line + "\n" + ONE).report


@pytest.mark.parametrize(
    "line,port", [("", "eth0"), ("default_interface eth5", "eth5"), ("default_interface eth0", "eth0")]
)
def test_a_static_address_without_an_interface_is_on_the_usual_one(
    line: str, port: str, tmp_path: Path
) -> None:
    static = "static_ipaddress {\n 198.51.100.7/24\n}\n"
    found = imported(tmp_path, f"global_defs {{\n{line}\n}}\n" + static + ONE)
    assert [str(each) for each in found.nodes["k"].ports[port].addresses] == ["198.51.100.7/24"]


def test_more_than_two_routers(tmp_path: Path) -> None:
    found = imported(
        tmp_path, with_line("unicast_src_ip 192.0.2.2\n unicast_peer {\n 192.0.2.3\n 192.0.2.4\n}")
    )
    assert not found.cluster.ha_interfaces[0].peers
    assert "here are 3" in found.report


def test_a_pair_that_a_node_would_refuse_is_told_so(tmp_path: Path) -> None:
    """The networks of two ports overlap: keepalived does not mind."""
    text = ONE + ONE.replace("V", "W").replace("eth0", "eth1").replace("2.1/24", "2.200/25")
    path = write(tmp_path, text.replace("virtual_router_id 7", "virtual_router_id 8", 1))
    report = import_keepalived(ImportRequest((path,), tmp_path / "site"))
    assert "What the check of the new files says beside that" in report
    assert "overlaps 192.0.2.1/24" in report


@pytest.mark.parametrize(
    "text,said",
    [
        ("", "k.conf:1: has no vrrp_instance"),
        (ONE.replace("virtual_router_id 7", ""), "k.conf:2: vrrp_instance V has no VRID"),
        (ONE.replace("router_id 7", "router_id 0"), "k.conf:4: virtual_router_id "),
        (ONE.replace("2.1/24", "2.300/24"), "k.conf:6: "),
        (with_line("advert_int soon"), 'k.conf:5: advert_int "soon": write seconds'),
        (with_line("auth_hmac { key 1 short }"), "k.conf:5: key 1: has 5 bytes"),
        (ONE + ONE, "k.conf:10: vrrp_instance V is at "),
        (ONE.replace("interface eth0", ""), "k.conf:6: 192.0.2.1/24 is on no interface"),
        ("@a x\n@b y\n@c z\n" + ONE, "k.conf:1: conditions for a, b, c: name the two nodes"),
        ("@a x\n" + ONE, "k.conf:1: conditions for a: name the two nodes"),
    ],
)
def test_what_cannot_be_imported(text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(HadaemonError) as caught:
        import_keepalived(ImportRequest((path,), tmp_path / "site"))
    assert f"{tmp_path}/{said}" in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["k.conf"]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, with_line("priority 300").replace("2.1/24", "2.1/99"))
    with pytest.raises(RefusedImport) as caught:
        import_keepalived(ImportRequest((path,), tmp_path / "site"))
    assert len(caught.value.problems) == 2


def test_no_message_has_a_secret(tmp_path: Path) -> None:
    secret = "hex:00010203040506070809"
    path = write(tmp_path, with_line(f"auth_hmac {{ key 1 {secret} }}"))
    with pytest.raises(RefusedImport) as caught:
        import_keepalived(ImportRequest((path,), tmp_path / "site"))
    assert "0102" not in str(caught.value)
    found = imported(tmp_path, with_line("authentication {\n auth_type PASS\n auth_pass topsecretword\n }"))
    assert "topsecre" not in found.report
