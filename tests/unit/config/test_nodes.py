"""Both nodes in one file: [nodes], [ports] and variables of cluster.toml, as each node has them."""

import tomllib
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import ConfigError, load_cluster, load_node, load_preseed, shared_ports
from hadaemon.config.notes import notes
from hadaemon.config.variables import MAX_LENGTH, filled, lacks, resolved
from hadaemon.firewall.ruleset import rule_set
from hadaemon.firewall.snippets import Snippet
from hadaemon.follow.files import files
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import store_preseed
from hadaemon.state.configuration import Configuration, check_texts
from hadaemon.state.programs_check import ask_programs
from hadaemon.status.states import Condition

NODE = """\
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
[ports.wan]
mac = "52:54:00:48:0a:02"
[ports.hotwire]
mac = "52:54:00:48:0a:03"
"""
CLUSTER = """\
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[ports.guests]
parent = "lan"
vlan = 20
[nodes.alpha]
addresses = { lan = ["192.168.12.${last}/24"], guests = ["192.168.20.141/24"] }
variables = { last = 141, watched = "192.168.12.9", who = "box ${node}" }
[nodes.beta.addresses]
lan = ["192.168.12.${last}/24"]
[nodes.beta.variables]
last = "142"
watched = "192.168.12.10"
who = "other box"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[ha_interfaces]]
port = "guests"
virtual_addresses = ["192.168.20.1/24"]
[[ping_groups]]
name = "switch"
hosts = ["${watched}"]
"""


def on(node: str, cluster: str = CLUSTER, node_text: str = NODE) -> Configuration:
    """What that node makes of it."""
    own = node_text if node == "alpha" else node_text.replace("alpha", node).replace(":0a:", ":0b:")
    return check_texts(own, cluster, "node.toml", "cluster.toml")


def test_each_node_has_its_own_values():
    for node, last, watched in (("alpha", 141, "192.168.12.9"), ("beta", 142, "192.168.12.10")):
        found = on(node)
        assert (found.condition, found.problems) == (Condition.CLUSTER, ())
        assert found.node is not None
        assert found.cluster is not None
        assert found.node.ports["lan"].addresses == (IPv4Interface(f"192.168.12.{last}/24"),)
        assert [str(host) for host in found.cluster.ping_groups[0].hosts] == [watched]
        assert found.cluster.variables["node"] == node


def test_a_vlan_comes_to_both_and_its_addresses_where_they_are_said():
    alpha, beta = on("alpha").node, on("beta").node
    assert alpha is not None
    assert beta is not None
    assert (alpha.ports["guests"].parent, alpha.ports["guests"].vlan) == ("lan", 20)
    assert alpha.ports["guests"].mac == alpha.ports["lan"].mac
    assert [str(own) for own in alpha.ports["guests"].addresses] == ["192.168.20.141/24"]
    assert (beta.ports["guests"].vlan, beta.ports["guests"].addresses) == (20, ())


def test_node_toml_counts_key_by_key():
    found = on("alpha", node_text=f'{NODE}[ports.guests]\naddresses = ["192.168.20.7/24"]\n').node
    assert found is not None
    guests = found.ports["guests"]
    assert (guests.vlan, guests.addresses) == (20, (IPv4Interface("192.168.20.7/24"),))
    assert found.shared.covered == ("ports.guests.addresses",)
    cluster = on("alpha").cluster
    said = "node.toml: ports.guests.addresses: counts, and not what cluster.toml says of it"
    assert [said in notes(node, cluster) for node in (found, on("alpha").node)] == [True, False]


def test_a_bond_has_its_cards_here_and_its_mode_there():
    node = NODE.replace('mac = "52:54:00:48:0a:01"', 'members = ["52:54:00:48:0a:01", "52:54:00:48:0a:04"]')
    found = on("alpha", f'{CLUSTER}[ports.lan]\nbond_mode = "lacp"\n', node).node
    assert found is not None
    assert found.ports["lan"].bond_mode == "lacp"


def test_without_nodes_a_dollar_sign_means_nothing():
    text = CLUSTER[: CLUSTER.index("[ports.guests]")] + '[[ha_interfaces]]\nport = "lan"\n'
    text += 'virtual_addresses = ["192.168.12.1/24"]\n[alarms.webhook]\nurl = "https://example.org/${x}"\n'
    assert load_cluster(text).variables == {}


WRONG = {
    ("beta.variables]\nlast", "beta.variables]\nlst"): (
        'cluster.toml: nodes.beta.addresses.lan[0]: as node beta has it: there is no variable "last": did '
        "you "
        "mean lst?",
    ),
    ('hosts = ["${watched}', 'hosts = ["${watchd}'): (
        'cluster.toml: ping_groups[0].hosts[0]: there is no variable "watchd": did you mean watched?',
    ),
    ("box ${node}", "${who}"): ("cluster.toml: nodes.alpha.variables.who: refers to itself: who -> who",),
    ("box ${node}", "box ${node"): (
        "cluster.toml: nodes.alpha.variables.who: ${node has no }: close it, or write $${ for the characters "
        "themselves",
    ),
    ('watched = "192.168.12.9"', "watched = 1.5"): (
        "cluster.toml: nodes.alpha.variables.watched: must be a string or an integer, e.g. wan = "
        '"198.51.100.1"',
    ),
    ('watched = "192.168.12.9"', 'watched = "a\\nb"'): (
        "cluster.toml: nodes.alpha.variables.watched: has control characters: a value is one line of plain "
        "text",
    ),
    ('parent = "lan"', 'parent = "laan"'): (
        'cluster.toml: ports.guests.parent: there is no port "laan": did you mean lan?',
    ),
    ("vlan = 20", "vlan = 20\naddresses = []"): (
        "cluster.toml: ports.guests.addresses: differ from node to node: write them in "
        "[nodes.NAME.addresses]",
    ),
    ("vlan = 20", 'vlan = 20\nmac = "52:54:00:48:0a:09"'): (
        "cluster.toml: ports.guests.mac: belongs to a network card: write it in node.toml",
    ),
    ("vlan = 20", "vlan = 20\nspeed = 1"): (
        "cluster.toml: ports.guests.speed: unknown key: known are: addresses, bond_mode, dhcp, mac, members, "
        "parent, vlan",
    ),
    ("guests = [", "guest = ["): (
        'cluster.toml: nodes.alpha.addresses.guest: node alpha has no port "guest": did you mean guests?',
    ),
    ("20.141/24", "20.1/24"): (
        "cluster.toml: ha_interfaces[1].virtual_addresses[0]: 192.168.20.1 is already the own address "
        "of port guests of node alpha: a virtual address must be the own address of neither node",
    ),
    ("20.141/24", "20.141/33"): (
        'cluster.toml: nodes.alpha.addresses.guests[0]: "192.168.20.141/33" is not an address with prefix '
        "length: write it as in 192.168.12.1/24",
    ),
    ('last = "142"', "last = 141"): (
        "cluster.toml: nodes.beta.addresses.lan[0]: 192.168.12.141 is at nodes.alpha.addresses.lan[0] too: "
        "give "
        "this node another one",
    ),
    ('master = "alpha"', 'master = "alhpa"'): (
        'cluster.toml: master: "alhpa" is the name of no node, so that each would be the spare: did you mean '
        "alpha? (nodes)",
    ),
    ("[nodes.beta.variables]", "[nodes.beta.variable]"): (
        "cluster.toml: nodes.beta.variable: unknown key: did you mean variables?",
    ),
    ("[[ping_groups]]", "[nodes.c]\n[nodes.d]\n[[ping_groups]]"): (
        "cluster.toml: nodes: has 4 nodes, and a cluster has two: alpha, beta, c, d",
    ),
    ("beta", "gamma"): None,
}
"""What is changed in the example, and what alpha says first of it; None: nothing."""


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change[1][:30])
def test_what_is_wrong_is_told_with_its_place(change: tuple[str, str]):
    text = CLUSTER.replace(*change)
    assert text != CLUSTER
    problems = on("alpha", text).problems
    expected = WRONG[change]
    assert problems[:1] == (expected or ())


def test_a_node_that_has_no_table_beside_two_others_is_told():
    problems = on("gamma").problems
    assert problems[0].endswith('none of them is this node, "gamma": they are: alpha, beta')


def test_what_one_node_lacks_the_other_one_says_too():
    text = CLUSTER.replace('watched = "192.168.12.10"', "")
    assert on("alpha", text).problems == on("beta", text).problems != ()


@pytest.mark.parametrize(
    "text", ["nodes = 1", "[nodes]\nalpha = 1", "[nodes.alpha]\naddresses = 1", "ports = []"]
)
def test_other_shapes_are_refused_in_words(text: str):
    wrong = CLUSTER[: CLUSTER.index("[ports.guests]")].replace(
        'name = "office"', f'name = "office"\n{text}', 1
    )
    if text.startswith("["):
        wrong = CLUSTER[: CLUSTER.index("[ports.guests]")] + text
    with pytest.raises(ConfigError, match="must be a"):
        load_cluster(wrong)
    assert on("alpha", wrong).condition is Condition.REFUSED


def test_ports_alone_read_nothing_but_what_they_need():
    shared = shared_ports(NODE, CLUSTER)
    assert load_node(NODE, shared=shared).ports.keys() == {"lan", "wan", "hotwire", "guests"}
    assert shared_ports(NODE, "no toml").ports == shared_ports(NODE, None).ports == {}


VALUES = st.text(st.sampled_from("ab${}\\" + "xy_"), max_size=12)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES))
def test_whatever_variables_say_each_is_good_or_told(given_values: dict[str, str]):
    good, wrong = resolved(given_values)
    assert good.keys().isdisjoint(wrong)
    assert good.keys() | wrong.keys() == given_values.keys()


@given(VALUES)
def test_what_is_lacking_is_what_cannot_be_filled_in(text: str):
    variables = {"node": "alpha", "a": "1"}
    if list(lacks(text, variables)):
        with pytest.raises(ValueError, match=r"no (variable|})"):
            filled(text, variables)
    else:
        assert len(filled(text, variables)) < 100


def test_values_do_not_grow_without_bound():
    doubling = {f"v{step}": f"${{v{step + 1}}}${{v{step + 1}}}" for step in range(60)} | {"v60": "x"}
    good, wrong = resolved(doubling)
    assert max(map(len, good.values())) <= MAX_LENGTH
    assert "shorten it" in wrong["v0"]


def test_the_characters_themselves():
    assert filled("$${x} ${node} $5 {a}", {"node": "alpha"}) == "${x} alpha $5 {a}"
    assert resolved({"a": "$${b}", "b": "${a}"}) == ({"a": "${b}", "b": "${b}"}, {})
    assert tomllib.loads(CLUSTER)


def test_a_preseed_for_both_is_kept_as_it_stands(tmp_path: Path):
    raw = {
        "schema": 1,
        "admin": {"ssh_keys": [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} a@b"]},
        "node": {key: value for key, value in tomllib.loads(NODE).items() if key != "schema"},
        "cluster": {key: value for key, value in tomllib.loads(CLUSTER).items() if key != "schema"},
    }
    preseed = load_preseed(tomli_w.dumps(raw))
    assert str(preseed.node.ports["lan"].addresses[0]) == "192.168.12.141/24"
    places = Places(tmp_path)
    places.state.mkdir(parents=True)
    store_preseed(preseed, places, Owners())
    assert tomllib.loads((places.state / "node.toml").read_text()) == tomllib.loads(NODE)
    assert tomllib.loads((places.state / "cluster.toml").read_text()) == tomllib.loads(CLUSTER)
    raw["node"]["name"] = "beta"
    beta = load_preseed(tomli_w.dumps(raw))
    assert beta.cluster is not None
    assert (str(beta.cluster.ping_groups[0].hosts[0]), beta.cluster.variables["node"]) == (
        "192.168.12.10",
        "beta",
    )
    assert str(beta.node.ports["lan"].addresses[0]) == "192.168.12.142/24"
    raw["node"]["name"] = "alpha"
    wrong = tomli_w.dumps(raw).replace("192.168.20.141/24", "192.168.20.1/24")
    with pytest.raises(ConfigError, match=r"cluster.ha_interfaces\[1\].*: 192.168.20.1 is"):
        load_preseed(wrong)
    with pytest.raises(ConfigError, match=r"cluster.nodes.alpha.addresses.guests\[0\]: .* is not an address"):
        load_preseed(tomli_w.dumps(raw).replace("192.168.20.141/24", "192.168.20.141/33"))


SNIPPET = Snippet("cluster.d/firewall/10-own.nft", "chain user_forward {\n ip daddr ${watched} drop\n}\n")
HAPROXY = "frontend web\n bind ${watched}:80\n"
WITH_HAPROXY = CLUSTER.replace(
    "[ports.guests]",
    '[hotwire.addresses]\nalpha = "192.168.180.2/24"\nbeta = "192.168.180.3/24"\n[ports.guests]',
)
WITH_HAPROXY += "[follow.haproxy]\nenabled = true\n"


def test_snippets_have_the_values_of_the_node():
    for node, watched in (("alpha", "192.168.12.9"), ("beta", "192.168.12.10")):
        own = NODE.replace("alpha", node)
        found = check_texts(own, CLUSTER, "node.toml", "cluster.toml", (SNIPPET,))
        assert found.problems == ()
        assert found.node is not None
        rules = rule_set(found.node, found.cluster, {}, found.snippets).text
        assert f" ip daddr {watched} drop\n" in rules
        assert "${" not in rules


def test_what_a_snippet_refers_to_and_there_is_not_is_told_with_its_line():
    wrong = Snippet(SNIPPET.path, SNIPPET.text.replace("watched", "watchd"))
    found = check_texts(NODE, CLUSTER, "node.toml", "cluster.toml", (wrong,))
    assert found.condition is Condition.REFUSED
    (problem,) = found.problems
    assert problem.startswith(
        'cluster.d/firewall/10-own.nft: line 2: as node alpha has it: there is no variable "watchd"'
    )


def test_a_value_cannot_lead_out_of_the_table():
    text = CLUSTER.replace('watched = "192.168.12.9"', 'watched = "192.168.12.9 } }"')
    text = text[: text.index("[[ping_groups]]")]
    found = check_texts(NODE, text, "node.toml", "cluster.toml", (SNIPPET,))
    assert any("one } too many" in problem for problem in found.problems)


def test_haproxys_files_have_them_too():
    cluster = on("beta", WITH_HAPROXY).cluster
    assert cluster is not None
    made = {file.name: file.text for file in files("beta", cluster, {}, {}, {"web.cfg": HAPROXY})}
    assert made["haproxy/web.cfg"] == HAPROXY.replace("${watched}", "192.168.12.10")
    found = on("beta", WITH_HAPROXY)
    assert found.node is not None
    wrong = {"web.cfg": HAPROXY.replace("watched", "watchd")}
    (problem,) = ask_programs(found.node, found.cluster, wrong).problems
    assert problem.startswith("cluster.d/haproxy/web.cfg: line 2: as node beta has it: there is no variable")
