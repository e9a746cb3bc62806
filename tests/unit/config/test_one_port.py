"""HA interfaces that advertise over one port, their intervals, and how many advertisements are too many."""

import pytest

from hadaemon.config import load_cluster, load_node, render_cluster
from hadaemon.config.notes import notes
from tests.unit.config.test_vrrp import NODE, both, problems, text

OVER_ONE = 'port = "sync"\naddresses_on = "{}"\nvirtual_addresses = ["10.0.{}.1/24"]\n'


def over_one(more_lan="", more_wan="", vrrp="", hotwire=""):
    """Two HA interfaces that advertise over a third port."""
    first, second = OVER_ONE.format("lan", 1) + more_lan, OVER_ONE.format("wan", 2) + more_wan
    interfaces = f"[[ha_interfaces]]\n{first}\n[[ha_interfaces]]\n{second}\n"
    return f'schema = 1\nname = "office"\nmaster = "alpha"\n[vrrp]\n{vrrp}\n{interfaces}{hotwire}'


def test_several_ha_interfaces_advertise_over_one_port():
    read = load_cluster(over_one(more_lan='advertisement_interval = "5s"'))
    lan, wan = read.ha_interfaces
    assert (lan.port, lan.address_port, lan.vrid) == ("sync", "lan", 51)
    assert (wan.port, wan.address_port, wan.vrid) == ("sync", "wan", 52)
    assert (read.interval_of(lan), read.interval_of(wan)) == (500, 100)
    assert read.intervals == (100, 500)
    assert load_cluster(render_cluster(read)) == read


def test_peers_of_one_port_are_the_same():
    peers = 'peers = { alpha = "10.0.0.1", beta = "10.0.0.2" }'
    (said,) = problems(over_one(more_lan=peers))
    assert (
        said
        == 'ha_interfaces[1].peers: ha_interfaces[0] advertises over "sync" to other nodes: write the same'
    )
    assert load_cluster(over_one(more_lan=peers, more_wan=peers))


def test_an_interval_of_its_own_fits_the_version_and_the_budget():
    (said,) = problems(over_one('advertisement_interval = "1500ms"', vrrp="version = 2"))
    assert said.startswith("ha_interfaces[0].advertisement_interval: version 2 has whole seconds only")
    quick = "\n".join(
        f'[[ha_interfaces]]\n{OVER_ONE.format(f"p{n}", n)}advertisement_interval = "10ms"'
        for n in range(3, 11)
    )
    (said,) = problems(over_one(hotwire=quick))
    assert said.startswith("vrrp.advertisement_interval: 10 virtual routers")
    assert "are 802 advertisements a second" in said


def test_advertisements_go_over_the_hotwire_only_if_that_is_said():
    hotwire = '[hotwire]\nport = "sync"\n'
    refused = problems(over_one(hotwire=hotwire))
    assert refused == [
        f'ha_interfaces[{number}].port: "sync" is the hotwire, which is exclusive: choose another port, or '
        "say hotwire.advertisements = true"
        for number in (0, 1)
    ]
    allowed = f"{hotwire}advertisements = true\n"
    read = load_cluster(over_one(hotwire=allowed))
    assert read.hotwire.advertisements
    assert load_cluster(render_cluster(read)) == read
    (said,) = problems(text(lan=both("10.0.0.1/24") + '\naddresses_on = "sync"', more=allowed))
    assert (
        said
        == 'ha_interfaces[0].addresses_on: "sync" is the hotwire, which is exclusive: choose another port'
    )
    peers = 'peers = { alpha = "10.0.0.1", beta = "10.0.0.2" }'
    assert len(problems(over_one(peers, peers, hotwire=allowed))) == 2


def test_what_it_means_to_encrypt_nothing_is_told():
    node = load_node(NODE.replace("hotwire", "sync"))
    plain = '[hotwire]\nport = "sync"\nprotection = "none"\nadvertisements = true\n'
    assert any("can open the firewall" in note for note in notes(node, load_cluster(over_one(hotwire=plain))))


def test_what_one_should_know_of_one_port_for_all_is_told():
    node = load_node(NODE.replace("hotwire", "sync"))
    allowed = '[hotwire]\nport = "sync"\nadvertisements = true\n'
    (said,) = notes(node, load_cluster(over_one(hotwire=allowed)))
    assert "when this one cable breaks" in said
    slow = 'advertisement_interval = "5s"'
    assert not notes(node, load_cluster(over_one(more_lan=slow)))
    apart = over_one(more_lan=slow).replace('port = "sync"\naddresses_on = "lan"', 'port = "lan"')
    (said,) = notes(node, load_cluster(apart))
    assert said.endswith("which is after three to four times 5 s")


def many(interfaces, interval, both_families=False):
    """So many HA interfaces."""
    lines = [f'schema = 1\nname = "office"\nmaster = "alpha"\n[vrrp]\nadvertisement_interval = "{interval}"']
    for number in range(1, interfaces + 1):
        addresses = [f"10.48.{number}.1/24"] + [f"2001:db8:{number}::1/64"] * both_families
        lines.append(f'[[ha_interfaces]]\nport = "p{number}"\nvirtual_addresses = {addresses}')
    return "\n".join(lines)


@pytest.mark.parametrize(
    "interfaces, both_families, interval, rate, least",
    [
        (64, False, "10ms", 6400, "100ms"),
        (64, True, "100ms", 1280, "190ms"),
        (8, False, "10ms", 800, "20ms"),
        (71, False, "100ms", 710, "110ms"),
    ],
)
def test_more_advertisements_than_a_node_keeps_up_with(interfaces, both_families, interval, rate, least):
    (problem,) = problems(many(interfaces, interval, both_families))
    assert problem == (
        f"vrrp.advertisement_interval: {interfaces * (1 + both_families)} virtual routers "
        f"(one for each HA interface and family) are {rate} advertisements a second, and a node keeps up "
        f"with 700: write {least} or more"
    )
    load_cluster(many(interfaces, least, both_families))


@pytest.mark.parametrize(
    "interfaces, both_families, interval",
    [(7, False, "10ms"), (3, True, "10ms"), (64, False, "100ms"), (70, False, "100ms"), (200, True, "1s")],
)
def test_what_a_node_keeps_up_with(interfaces, both_families, interval):
    assert load_cluster(many(interfaces, interval, both_families)).virtual_routers == interfaces * (
        1 + both_families
    )
