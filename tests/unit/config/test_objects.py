"""[networks] and [services]: names, lists, exceptions, and what is refused."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import ConfigError, check_pair, load_cluster, load_node, render_cluster
from hadaemon.config.firewall_model import Service, services_of
from hadaemon.config.objects import MAX_LISTED, MAX_SIZE, read_list
from hadaemon.config.objects_model import Exempt, collapsed, is_among, network_object
from hadaemon.config.reader import Mistakes
from hadaemon.config.resolver import MAX_DEPTH

HEAD = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24", "2001:db8:12::1/64"]
"""
NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
[ports.wan]
mac = "52:54:00:48:0a:02"
"""
NAMES = """
[networks]
office = ["192.168.12.0/24", "2001:db8:12::/64"]
six = ["2001:db8:6::/48"]
servers = { file = "servers.txt" }
blocked = ["office", "203.0.113.7"]
[services]
web = ["http", "tcp/443"]
"""
LISTS = {"servers.txt": "10.9.0.0/24  # all\n\n10.9.1.7\n"}
RULE = '[[firewall.rules]]\naction = "allow"\n'
SOURCE_NAT = '[[firewall.source_nat]]\naddress = "192.168.12.1"\n'
FORWARD = '[[firewall.destination_nat]]\naddress = "192.168.12.1"\nto = "10.9.0.7"\n'
KEY = "6LM3xwGmCBGvSF9b3lZvMRR4gzmXv2gjq0Bz6QIVVGg="


def load(text: str, lists: dict[str, str] | None = None):
    found = load_cluster(HEAD + text, lists=LISTS if lists is None else lists)
    check_pair(load_node(NODE), found)
    return found


def mistakes(text: str, lists: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(text, lists)
    return [str(each).removeprefix("cluster.toml: ") for each in refused.value.mistakes]


def test_names_stand_for_their_networks_and_stay_names():
    cluster = load(
        NAMES + RULE + 'source = ["blocked", "!servers", "10.0.0.0/8"]\nservices = ["web", "ping"]\n'
    )
    (rule,) = cluster.firewall.rules
    blocked, servers, plain = rule.source
    assert [str(each) for each in rule.source] == ["blocked", "!servers", "10.0.0.0/8"]
    assert blocked is cluster.networks["blocked"]
    assert [str(each) for each in blocked.networks] == [
        *("192.168.12.0/24", "203.0.113.7/32", "2001:db8:12::/64")
    ]
    assert isinstance(servers, Exempt)
    assert [str(each) for each in servers.item.networks] == ["10.9.0.0/24", "10.9.1.7/32"]
    assert plain == ip_network("10.0.0.0/8")
    assert services_of(rule.services) == (
        Service("tcp", (80, 80)),
        Service("tcp", (443, 443)),
        Service("ping"),
    )
    assert load_cluster(render_cluster(cluster), lists=LISTS) == cluster
    assert 'source = ["blocked", "!servers", "10.0.0.0/8"]' in render_cluster(cluster)
    assert 'services = ["web", "ping"]' in render_cluster(cluster)


def test_a_list_that_nobody_has_read_is_no_mistake():
    cluster = load_cluster(HEAD + NAMES + SOURCE_NAT + 'source = ["servers"]\n')
    assert cluster.networks["servers"].is_unread
    assert load_cluster(render_cluster(cluster)) == cluster


@pytest.mark.parametrize(
    "address,source,wanted",
    [
        ("192.168.12.5", (), True),
        ("192.168.12.5", ("office",), True),
        ("192.168.13.5", ("office",), False),
        ("192.168.13.5", ("office", "192.168.13.0/24"), True),
        ("192.168.12.5", ("!office",), False),
        ("192.168.13.5", ("!office",), True),
        ("2001:db8:12::9", ("!office",), False),
        ("192.168.12.66", ("office", "!192.168.12.66"), False),
        ("10.9.1.7", ("servers",), True),
        ("10.9.1.8", ("servers",), False),
        ("203.0.113.7", ("blocked",), True),
    ],
)
def test_which_addresses_fit(address: str, source: tuple[str, ...], wanted: bool):
    listed = ", ".join(f'"{each}"' for each in source)
    (rule,) = load(f"{NAMES}{RULE}source = [{listed}]\n").firewall.rules
    assert is_among(ip_address(address), rule.source) is wanted


def test_a_range_and_nothing_at_all_as_new_source():
    nat = NAMES + (
        '[[firewall.source_nat]]\naddress = "none"\ndestination = ["servers"]\n'
        '[[firewall.source_nat]]\naddress = "192.168.12.1-192.168.12.3"\n'
    )
    none, span = load(nat).firewall.source_nat
    assert (none.exempt, none.is_own, none.addresses) == (True, False, ())
    assert [str(each) for each in span.addresses] == ["192.168.12.1", "192.168.12.2", "192.168.12.3"]


def deep(count: int) -> str:
    names = "\n".join(f'n{number} = ["n{number + 1}"]' for number in range(count))
    return f'[networks]\n{names}\nn{count} = ["10.0.0.0/8"]\n'


def peer(allowed: str) -> str:
    return (
        f'[[follow.wireguard]]\nname = "wg0"\nprivate_key = "{KEY}"\naddresses = ["10.8.0.1/24"]\n'
        f'[[follow.wireguard.peers]]\npublic_key = "{KEY}"\nallowed = [{allowed}]\n'
    )


REFUSED = {
    "an unknown network": (
        NAMES + RULE + 'source = ["ofice"]\n',
        'firewall.rules[0].source[0]: there is no network "ofice": did you mean office?',
    ),
    "an unknown exception": (
        NAMES + RULE + 'destination = ["!serves"]\n',
        'firewall.rules[0].destination[0]: there is no network "serves": did you mean servers?',
    ),
    "no names at all": (
        RULE + 'source = ["office"]\n',
        'firewall.rules[0].source[0]: there is no network "office": name it in [networks], or write it out',
    ),
    "an unknown service": (
        NAMES + RULE + 'services = ["wep"]\n',
        'firewall.rules[0].services[0]: there is no service "wep": did you mean web?',
    ),
    "a circle": (
        '[networks]\na = ["b"]\nb = ["10.0.0.0/8", "c"]\nc = ["a"]\n',
        "networks.c[0]: goes in a circle, a -> b -> c -> a: remove one of them",
    ),
    "itself": (
        '[networks]\na = ["a"]\n',
        "networks.a[0]: goes in a circle, a -> a: remove one of them",
    ),
    "a circle of services": (
        '[services]\nmine = ["yours"]\nyours = ["mine"]\n',
        "services.yours[0]: goes in a circle, mine -> yours -> mine: remove one of them",
    ),
    "too deep": (deep(MAX_DEPTH), f"networks.n15[0]: names within names: {MAX_DEPTH} are the limit"),
    "an empty name": (
        "[networks]\noffice = []\n",
        'networks.office: must not be empty, e.g. ["192.168.12.0/24"]',
    ),
    "an empty service": ("[services]\nmine = []\n", 'services.mine: must not be empty, e.g. ["tcp/443"]'),
    "an exception within a name": (
        NAMES.replace('"203.0.113.7"]', '"!203.0.113.7"]'),
        'networks.blocked[1]: "!203.0.113.7": an exception stands in a rule only',
    ),
    "no network": (
        '[networks]\noffice = ["192.168.12.300"]\n',
        'networks.office[0]: "192.168.12.300" is not a network: write it as in 192.168.12.0/24',
    ),
    "any as a service": (
        '[services]\nmine = ["any"]\n',
        "services.mine[0]: 'any' is not a service: write e.g. tcp/443, udp/8000-8100,",
    ),
    "a service of ours": (
        '[services]\nssh = ["tcp/2222"]\n',
        'services.ssh: "ssh" means something already: give the service another name',
    ),
    "a word of ours": (
        '[networks]\nnode = ["10.0.0.0/8"]\n',
        'networks.node: "node" means something else in rules: give the network another name',
    ),
    "a name with a wrong letter": (
        '[networks]\nOffice = ["10.0.0.0/8"]\n',
        'networks.Office: "Office" is not a name',
    ),
    "a zone": (
        '[networks]\ninside = ["10.0.0.0/8"]\n[firewall.zones]\ninside = ["lan"]\n',
        'networks.inside: "inside" is a zone or a port too: give the network another name',
    ),
    "a port": (
        '[networks]\nwan = ["10.0.0.0/8"]\n',
        'networks.wan: "wan" is a zone or a port too: give the network another name',
    ),
    "a name of the other family": (
        NAMES + SOURCE_NAT + 'source = ["six"]\n',
        "firewall.source_nat[0].source: six is of another family than 192.168.12.1: remove one of the two",
    ),
    "two names of different families": (
        NAMES + RULE + 'source = ["six"]\ndestination = ["servers"]\n',
        "firewall.rules[0].destination: is of another family than source: no packet has both",
    ),
    "a name of the other family in a forward": (
        NAMES + FORWARD + 'services = ["web"]\nsource = ["six"]\n',
        "firewall.destination_nat[0].source: six is of another family than 192.168.12.1",
    ),
    "another port for a service of two": (
        '[services]\nmany = ["tcp/80-90"]\n' + FORWARD + 'services = ["many"]\nto_port = 8080\n',
        "firewall.destination_nat[0].to_port: is for services of one port each",
    ),
    "a list that is not there": (
        '[networks]\nservers = { file = "server.txt" }\n',
        "networks.servers.file: there is no file cluster.d/networks/server.txt: did you mean servers.txt?",
    ),
    "a list elsewhere": (
        '[networks]\nservers = { file = "../node.txt" }\n',
        'networks.servers.file: "../node.txt" is not the name of a list',
    ),
    "a list without a name": (
        "[networks]\nservers = {}\n",
        'networks.servers.file: is missing: add it, e.g. file = "servers.txt"',
    ),
    "another key of a list": (
        '[networks]\nservers = { file = "servers.txt", url = "x" }\n',
        "networks.servers.url: unknown key",
    ),
    "a range of two families": (
        SOURCE_NAT.replace("12.1", "12.1-2001:db8::1"),
        "firewall.source_nat[0].address: 192.168.12.1-2001:db8::1: the two ends are of different families",
    ),
    "a range backwards": (
        SOURCE_NAT.replace("12.1", "12.9-192.168.12.1"),
        "the first address is not before the last one: exchange them, or write one",
    ),
    "a large range": (
        SOURCE_NAT.replace("12.1", "12.1-192.168.14.1"),
        "a range has 256 addresses at most: write a smaller one",
    ),
    "an exception in a tunnel": (
        NAMES + peer('"!office"'),
        'follow.wireguard[0].peers[0].allowed[0]: "!office": an exception stands in a rule only',
    ),
    "an unknown network in a tunnel": (
        NAMES + peer('"offices"'),
        'follow.wireguard[0].peers[0].allowed[0]: there is no network "offices": did you mean office?',
    ),
    "own networks in a tunnel, by name": (
        NAMES + peer('"office"'),
        "follow.wireguard[0].peers[0].allowed[0]: 192.168.12.0/24 is of the network of 192.168.12.1/24",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str):
    text, told = REFUSED[what]
    found = mistakes(text)
    assert any(told in each for each in found), found
    assert len(found) <= 2, "what follows from it is not told"


@pytest.mark.parametrize(
    "text,told",
    [
        ("", ["cluster.d/networks/servers.txt: has no address and no network: write one a line"]),
        (
            "# nothing\n\n",
            ["cluster.d/networks/servers.txt: has no address and no network: write one a line"],
        ),
        (
            "10.0.0.0/8\n10.0.0.1/8\noffice\n",
            [
                "cluster.d/networks/servers.txt: line 2: 10.0.0.1/8 is an address within a network: write "
                "the network, 10.0.0.0/8, or the address alone",
                'cluster.d/networks/servers.txt: line 3: "office" is not a network: write it as in '
                "192.168.12.0/24",
            ],
        ),
        ("a\n" * 13, [*(f"line {number}: " for number in range(1, 11)), "3 more lines are wrong"]),
        ("10.0.0.1\n" * (MAX_LISTED + 1), [f"has {MAX_LISTED + 1} networks, {MAX_LISTED} are the limit"]),
        ("#" * (MAX_SIZE + 1), [f"has {MAX_SIZE + 1} bytes, {MAX_SIZE} are the limit"]),
    ],
)
def test_a_wrong_list_is_told_with_its_line(text: str, told: list[str]):
    """And what uses its name is not wrong too."""
    found = mistakes(NAMES + SOURCE_NAT + 'source = ["servers"]\n', {"servers.txt": text})
    assert len(found) == len(told)
    assert all(part in each for part, each in zip(told, found, strict=True)), found


def test_many_long_lists_are_too_many():
    lists = {
        f"l{number}.txt": "\n".join(f"{number}.{n >> 8}.{n & 255}.9" for n in range(MAX_LISTED))
        for number in range(1, 7)
    }
    names = "\n".join(f'l{number} = {{ file = "l{number}.txt" }}' for number in range(1, 7))
    assert mistakes(f"[networks]\n{names}\n", lists) == [
        "networks: have 120000 networks together, 100000 are the limit: remove some"
    ]


def test_a_tunnel_takes_no_long_list():
    lists = {"servers.txt": "\n".join(f"10.1.{n >> 7}.{n * 2 & 255}" for n in range(257))}
    (told,) = mistakes(NAMES + peer('"servers"'), lists)
    assert told.endswith("allowed: has 257 networks, 256 are the limit: each of them is a route")


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(text: str):
    noted = Mistakes("cluster.toml")
    found = read_list(text, "list.txt", noted)
    assert (found is None) == bool(noted.found)


NETWORKS = st.lists(
    st.builds(
        lambda base, bits: ip_network((int(ip_address("10.0.0.0")) + base, bits), strict=False),
        st.integers(0, 1023),
        st.integers(22, 32),
    ),
    min_size=1,
    max_size=9,
)


@given(NETWORKS, st.integers(0, 1100))
def test_an_address_is_found_in_a_name_as_in_its_networks(networks, offset: int):
    ip = ip_address("10.0.0.0") + offset
    found = network_object("n", networks)
    assert found.has(ip) == any(ip in each for each in networks)
    assert sum(each.num_addresses for each in collapsed(networks)) == len(
        {a for each in networks for a in each}
    )
