"""What the menu changes in a file that an administrator wrote: a value, and not his comments and order."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def changed(text: str, **values: Any) -> list[str]:
    """The lines that are not what they were, the new ones alone."""
    wanted = {**tomllib.loads(text), **values}
    after = amended(text, wanted)
    assert tomllib.loads(after) == wanted
    before = text.splitlines()
    return [line for line in after.splitlines() if line not in before]


def interfaces(*ports: str) -> list[dict[str, Any]]:
    known = {each["port"]: each for each in tomllib.loads(CLUSTER)["ha_interfaces"]}
    return [known.get(port, {"port": port, "virtual_addresses": ["203.0.113.1/24"]}) for port in ports]


def test_a_byte_order_mark_costs_no_comment():
    text = amended(f"\ufeff{CLUSTER}", {**tomllib.loads(CLUSTER), "enabled": True})
    assert text == CLUSTER.replace("enabled = false", "enabled = true")


def test_one_value_is_one_line():
    assert changed(CLUSTER, enabled=True) == ["enabled = true"]
    assert changed(CLUSTER, name="cellar") == ['name = "cellar"   # as on the label']
    assert changed(CLUSTER) == []


def test_a_value_in_the_second_of_two_tables():
    wan, lan = interfaces("wan", "lan")
    told = changed(CLUSTER, ha_interfaces=[wan, {**lan, "virtual_addresses": ["198.51.100.9/24"]}])
    assert told == ['virtual_addresses = ["198.51.100.9/24"]']


@pytest.mark.parametrize(
    "ports",
    [("wan",), ("lan",), ("wan", "lan", "dmz"), ("dmz", "wan", "lan"), ("wan", "dmz", "lan")],
)
def test_tables_come_and_go_and_the_others_keep_their_comments(ports: tuple[str, ...]):
    wanted = {**tomllib.loads(CLUSTER), "ha_interfaces": interfaces(*ports)}
    after = amended(CLUSTER, wanted)
    assert tomllib.loads(after) == wanted
    assert "# The two firewalls in the cellar." in after
    assert ("# the blue cable" in after) == ("wan" in ports)


def test_a_key_that_is_new_and_one_that_is_gone():
    wanted = tomllib.loads(NODE)
    wanted["ports"]["lan"].pop("addresses")
    wanted["ports"]["wan"]["addresses"] = ["192.0.2.11/24"]
    after = amended(NODE, wanted)
    assert tomllib.loads(after) == wanted
    assert "# In the rack on the left." in after
    assert "# the card with the green dot" in after


@pytest.mark.parametrize("text", ["", "no TOML", "schema = 1\nschema = 2\n"])
def test_a_text_that_is_no_toml_is_replaced(text: str):
    wanted = tomllib.loads(CLUSTER)
    assert tomllib.loads(amended(text, wanted)) == wanted


def test_a_variable_that_nobody_changed_stays_one():
    text = CLUSTER.replace('"198.51.100.1/24"', '"198.51.100.${last}/24"')
    wanted = tomllib.loads(text)
    wanted["ha_interfaces"].insert(0, {"port": "dmz", "virtual_addresses": ["203.0.113.1/24"]})
    assert '"198.51.100.${last}/24"' in amended(text, {**wanted, "enabled": True})


@given(
    st.booleans(),
    st.lists(st.sampled_from(["lan", "wan", "dmz", "guests"]), unique=True),
    st.recursive(st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)),
)
def test_whatever_is_changed_the_answer_says_it(enabled: bool, ports: list[str], value: object):
    wanted = {**tomllib.loads(CLUSTER), "enabled": enabled, "ha_interfaces": interfaces(*ports), "x": value}
    assert tomllib.loads(amended(CLUSTER, wanted)) == wanted
