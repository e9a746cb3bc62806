"""[hotwire] of cluster.toml and of a preseed, and the addresses that follow from it."""

from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from hadaemon.config import ConfigError, check_pair, load_cluster, load_node, load_preseed, render_cluster
from hadaemon.config.render import render_used_preseed
from hadaemon.hotwire.addresses import Ends, default_address, hotwire_ends
from hadaemon.operations.peer import ends_of, hotwire_addresses
from hadaemon.setup.networkd import network_files
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.public_key import PublicKey

SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def node(name: str = "alpha", hotwire: str = ""):
    return load_node(f"""
schema = 1
name = "{name}"
[ports.lan]
mac = "52:54:00:48:0a:01"
[ports.hotwire]
mac = "52:54:00:48:0a:03"
addresses = [{hotwire}]
""")


def cluster(keys: str = ""):
    return load_cluster(f"""
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
{keys}
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
""")


def refusals(keys: str = "", hotwire: str = "", name: str = "alpha") -> str:
    with pytest.raises(ConfigError) as refused:
        check_pair(node(name, hotwire), cluster(keys))
    return "\n".join(map(str, refused.value.mistakes))


NAMED = 'addresses = { alpha = "192.0.2.10/24", beta = "192.0.2.20/24" }'


def test_the_defaults():
    hotwire = cluster().hotwire
    assert hotwire is not None
    assert (hotwire.interval, hotwire.missed, dict(hotwire.addresses)) == (100, 3, {})


@pytest.mark.parametrize("keys", ["", 'interval = "50ms"\nmissed = 5', NAMED])
def test_what_is_rendered_is_what_was_read(keys: str):
    assert load_cluster(render_cluster(cluster(keys))) == cluster(keys)


@pytest.mark.parametrize(
    "keys,what",
    [
        ('interval = "40ms"', "hotwire.interval: 40ms is out of range"),
        ('interval = "2s"', "hotwire.interval: 2s is out of range"),
        ("missed = 1", "hotwire.missed: must be from 2 to 10"),
        ('addresses = { alpha = "192.0.2.1/24" }', "hotwire.addresses: must name the two nodes"),
        (
            'addresses = { alpha = "192.0.2.1/24", beta = "198.51.100.1/24" }',
            "hotwire.addresses: 192.0.2.1/24 and 198.51.100.1/24 are not two addresses of one network",
        ),
        ('addresses = { alpha = "192.0.2.1/24", beta = "192.0.2.1/24" }', "not two addresses"),
        ('addresses = { alpha = "192.0.2.1", beta = "192.0.2.2/24" }', "hotwire.addresses.alpha"),
        ('adresses = "x"', "unknown key: did you mean addresses?"),
    ],
)
def test_wrong_keys(keys: str, what: str):
    assert what in refusals(keys)


def test_a_node_that_is_not_named():
    assert "does not name this node, betta: did you mean beta?" in refusals(NAMED, name="betta")


def test_an_own_address_that_contradicts_the_named_one():
    assert "hotwire.addresses.alpha: is not among the addresses" in refusals(NAMED, '"192.0.2.11/24"')


@pytest.mark.parametrize(
    "own,partner", [("192.168.180.1/24", "192.168.180.0"), ("192.0.2.254/24", "192.0.2.255")]
)
def test_an_address_whose_partner_is_none(own: str, partner: str):
    assert f"the peer's address would be {partner}" in refusals(hotwire=f'"{own}"')


@pytest.mark.parametrize(
    "vlan,parent,what",
    [
        ("hotwire", "lan", "port hotwire of node alpha is a VLAN on lan: the hotwire is a cable of its own"),
        ("guests", "hotwire", "port hotwire of node alpha carries the VLAN guests: nothing else may be on"),
    ],
)
def test_the_hotwire_is_shared_with_nothing(vlan: str, parent: str, what: str):
    card = "" if vlan == "hotwire" else '[ports.hotwire]\nmac = "52:54:00:48:0a:03"\n'
    shared = load_node(
        'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
        f'{card}[ports.{vlan}]\nparent = "{parent}"\nvlan = 7\n'
    )
    with pytest.raises(ConfigError) as refused:
        check_pair(shared, cluster())
    assert f"hotwire.port: {what}" in str(refused.value.mistakes[0])


def test_named_addresses():
    expected = Ends(IPv4Interface("192.0.2.20/24"), IPv4Address("192.0.2.10"))
    assert hotwire_ends(node("beta"), cluster(NAMED)) == expected


def test_the_peer_is_the_last_bit_flipped():
    for own, partner in (("192.168.180.2", "192.168.180.3"), ("192.168.180.3", "192.168.180.2")):
        ends = hotwire_ends(node(hotwire=f'"{own}/24"'), cluster())
        assert ends == Ends(IPv4Interface(f"{own}/24"), IPv4Address(partner))


def test_the_default_follows_from_the_name_alone():
    alpha, beta = (hotwire_ends(node(name), cluster()) for name in ("alpha", "beta"))
    assert alpha == Ends(default_address("alpha"), None)
    assert beta == Ends(default_address("beta"), None)
    assert alpha != beta
    for name in ("alpha", "beta", "x"):
        address = default_address(name)
        assert address.ip.is_link_local
        assert address.network.prefixlen == 16
        assert IPv4Address("169.254.1.0") <= address.ip <= IPv4Address("169.254.254.255")


def test_the_peers_default_follows_from_its_name():
    ends = hotwire_ends(node("alpha"), cluster(), "beta")
    assert ends == Ends(default_address("alpha"), default_address("beta").ip)


def test_the_default_stays_when_the_node_gets_another_name(tmp_path: Path):
    (tmp_path / "node.toml").write_text(
        'schema = 1\nname = "gamma"\n[ports.hotwire]\nmac = "52:54:00:48:0a:03"\n'
    )
    (tmp_path / "hotwire.name").write_text("beta\n")
    renamed = load_configuration(tmp_path).node
    assert renamed is not None
    assert (renamed.name, renamed.hotwire_name) == ("gamma", "beta")
    assert hotwire_ends(renamed, None, "alpha") == Ends(default_address("beta"), default_address("alpha").ip)
    with pytest.raises(SyncError, match="`hactl key revoke` forgets that gamma was called beta once"):
        ends_of(renamed, None, "beta")
    (tmp_path / "hotwire.name").write_text("../beta\n")
    assert "is not a host name" in load_configuration(tmp_path).problems[0]


def test_before_there_is_a_cluster_the_port_of_that_name_is_the_hotwire():
    assert hotwire_ends(node("alpha"), None) == Ends(default_address("alpha"), None)
    configured = hotwire_ends(node("alpha", '"192.168.180.2/24"'), None)
    assert configured == Ends(IPv4Interface("192.168.180.2/24"), IPv4Address("192.168.180.3"))
    text = network_files(node("alpha"), None)["10-hotspare-hotwire.network"]
    assert f"Address={default_address('alpha')}\n" in text
    assert "IPv4Forwarding=no" in text


def test_names_that_give_the_same_address_are_refused():
    with pytest.raises(SyncError, match="the names n1 and n1 give both nodes the address 169"):
        ends_of(node("n1"), cluster(), "n1")


def test_a_key_that_does_not_say_whose_it_is():
    key = PublicKey(b"", "root@somewhere")
    with pytest.raises(SyncError, match="does not name its node: pair the nodes anew"):
        hotwire_addresses(node("alpha"), cluster(), key)
    own, peer = hotwire_addresses(node("alpha"), cluster(), key.of_node("beta"))
    assert (own, peer) == (default_address("alpha").ip, default_address("beta").ip)
    assert hotwire_addresses(node("alpha"), cluster(NAMED), key)[1] == IPv4Address("192.0.2.20")


def test_the_port_gets_its_address_and_forwards_nothing():
    files = network_files(node(), cluster())
    assert f"Address={default_address('alpha')}\n" in files["10-hotspare-hotwire.network"]
    assert "IPv4Forwarding=no" in files["10-hotspare-hotwire.network"]
    assert "IPv4Forwarding" not in files["10-hotspare-lan.network"]
    named = network_files(node(), cluster(NAMED))["10-hotspare-hotwire.network"]
    assert "Address=192.0.2.10/24\n" in named
    own = network_files(node(hotwire='"192.168.180.2/24"'), cluster())["10-hotspare-hotwire.network"]
    assert own.count("\nAddress=") == 1


PRESEED = """
schema = 1
[admin]
password_hash = "$6$abcdefgh$abcdefgh"
[node]
name = "alpha"
[node.ports.lan]
mac = "52:54:00:48:0a:01"
[hotwire]
secret = "{}"
"""


def test_a_preseed_brings_the_secret_and_it_is_not_left_on_the_medium():
    preseed = load_preseed(PRESEED.format(SECRET))
    assert preseed.hotwire_secret is not None
    assert preseed.hotwire_secret.text() == SECRET
    assert SECRET not in render_used_preseed(preseed)
    assert SECRET not in repr(preseed)


@pytest.mark.parametrize("wrong", ["", "hunter2", SECRET[:-4], SECRET * 2, "ÄÖÜ"])
def test_a_wrong_secret_is_refused_and_not_repeated(wrong: str):
    with pytest.raises(ConfigError) as refused:
        load_preseed(PRESEED.format(wrong))
    (problem,) = refused.value.mistakes
    assert problem.path == "hotwire.secret"
    assert not wrong or wrong not in problem.message
