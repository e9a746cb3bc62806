"""Kernel settings: each with its reason, and those that the pair's behaviour rests on."""

from tests.unit.firewall.settings import FILE, settings

OVERLAY = FILE.parents[1]


def test_each_has_a_reason_and_is_there_once():
    found = settings()
    assert len({each.key for each in found}) == len(found) > 30
    assert [each.key for each in found if len(each.reason) < 40] == []


def test_what_the_pair_rests_on():
    values = {each.key: each.value for each in settings()}
    assert values["net.ipv4.conf.all.arp_ignore"] == "1", "a backup never answers for a virtual address"
    assert values["net.ipv4.conf.all.arp_announce"] == "2"
    assert values["net.ipv4.conf.all.rp_filter"] == "0", "else no port could be excepted"
    assert values["net.ipv6.conf.*.accept_ra"] == "0"
    assert values["net.netfilter.nf_conntrack_tcp_loose"] == "0"
    assert values["net.netfilter.nf_conntrack_tcp_be_liberal"] == "1"


def test_forwarding_waits_for_the_rules():
    assert [each.key for each in settings() if "forward" in each.key] == []
    unit = (OVERLAY / "systemd/system/hotspare-forwarding.service").read_text()
    assert "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1" in unit
    path = (OVERLAY / "systemd/system/hotspare-forwarding.path").read_text()
    assert "PathExists=/run/hadaemon/forwarding" in path


def test_no_port_comes_up_before_the_firewall_is_closed():
    needs = (OVERLAY / "systemd/system/systemd-networkd.service.d/hotspare.conf").read_text()
    assert "Requires=hotspare-firewall.service\nAfter=hotspare-firewall.service" in needs
    preset = (OVERLAY / "systemd/system-preset/00-hotspare.preset").read_text().splitlines()
    assert {"enable hotspare-firewall.service", "enable hotspare-forwarding.path"} <= set(preset)


def test_connection_tracking_is_there_before_its_settings():
    assert "nf_conntrack" in (OVERLAY / "modules-load.d/hotspare.conf").read_text().splitlines()
