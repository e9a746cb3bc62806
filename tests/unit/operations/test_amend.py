"""What the menu changes in a file that an administrator wrote: a value, and not his comments and order."""

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import ClusterConfig, load_cluster, load_node, render_cluster, render_node
from hadaemon.operations.amend import amended

CLUSTER = """\
# The two firewalls in the cellar. Ask Anna before you change anything.
schema = 1
name = "office"   # as on the label
enabled = false
master = "fw-a"

[vrrp]
# The provider's switch is slow.
advertisement_interval = "2s"

[[ha_interfaces]]
port = "wan"      # the blue cable
virtual_addresses = [
    "192.0.2.10/24",   # what the world knows
]

[[ha_interfaces]]
port = "lan"
virtual_addresses = ["198.51.100.1/24"]
"""
NODE = """\
schema = 1
name = "fw-a"
# In the rack on the left.
[ports.lan]
mac = "52:54:00:48:0a:01"   # the card with the green dot
addresses = ["198.51.100.2/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
"""


def changed(text: str, wanted: ClusterConfig) -> list[str]:
    """The lines that are not what they were, the new ones alone."""
    after = amended(text, load_cluster, render_cluster, wanted)
    assert load_cluster(after) == wanted
    before = text.splitlines()
    return [line for line in after.splitlines() if line not in before]


def test_a_byte_order_mark_costs_no_comment():
    wanted = replace(load_cluster(CLUSTER), enabled=True)
    text = amended(f"\ufeff{CLUSTER}", load_cluster, render_cluster, wanted)
    assert text == CLUSTER.replace("enabled = false", "enabled = true")


def test_one_value_is_one_line():
    cluster = load_cluster(CLUSTER)
    assert changed(CLUSTER, replace(cluster, enabled=True)) == ["enabled = true"]
    assert changed(CLUSTER, replace(cluster, name="cellar")) == ['name = "cellar"   # as on the label']
    assert changed(CLUSTER, cluster) == []


def test_a_value_in_the_second_of_two_tables():
    cluster = load_cluster(CLUSTER)
    wan, lan = cluster.ha_interfaces
    lan = replace(lan, virtual_addresses=(IPv4Interface("198.51.100.9/24"),))
    told = changed(CLUSTER, replace(cluster, ha_interfaces=(wan, lan)))
    assert told == ['virtual_addresses = ["198.51.100.9/24"]']


def test_what_is_new_is_added_and_what_is_gone_goes():
    cluster = load_cluster(CLUSTER)
    wan, _ = cluster.ha_interfaces
    fewer = amended(CLUSTER, load_cluster, render_cluster, replace(cluster, ha_interfaces=(wan,)))
    assert load_cluster(fewer).ha_interfaces == (wan,)
    assert "# The two firewalls in the cellar." in fewer
    assert "# The provider's switch is slow." in fewer
    node = load_node(NODE)
    raw = NODE.replace('["198.51.100.2/24"]', '["198.51.100.3/24"]') + 'addresses = ["192.0.2.11/24"]\n'
    after = amended(NODE, load_node, render_node, load_node(raw))
    assert load_node(after) == load_node(raw) != node
    assert "# In the rack on the left." in after
    assert "# the card with the green dot" in after


@pytest.mark.parametrize(
    "text", ["", "no TOML", 'schema = 1\nname = "x"\n', CLUSTER.replace("schema = 1", "schema = 99")]
)
def test_a_text_that_does_not_load_is_replaced(text: str):
    cluster = load_cluster(CLUSTER)
    assert amended(text, load_cluster, render_cluster, cluster) == render_cluster(cluster)


@given(
    st.booleans(),
    st.sampled_from(["fw-a", "fw-b", "neither"]),
    st.permutations(["lan", "wan"]),
    st.integers(1, 2),
)
def test_whatever_is_changed_the_answer_says_it(enabled: bool, master: str, ports: list[str], count: int):
    cluster = load_cluster(CLUSTER)
    known = {each.port: each for each in cluster.ha_interfaces}
    interfaces = tuple(known[port] for port in ports[:count])
    wanted = replace(cluster, enabled=enabled, master=master, ha_interfaces=interfaces)
    assert load_cluster(amended(CLUSTER, load_cluster, render_cluster, wanted)) == load_cluster(
        render_cluster(wanted)
    )
