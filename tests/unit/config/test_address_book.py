"""Every key of the two files that takes an address is in the book, which the rules compare."""

from dataclasses import fields, is_dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import get_type_hints

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.config.address_book import Role, book_of_cluster, book_of_node, book_of_pair
from hadaemon.config.address_rules import RULES
from tests.unit.config.addresses import CLUSTER, NODE
from tests.unit.config.test_every_key import CLUSTERS, NODES, values_in

BOOKS = [
    *((each, book_of_node(each)) for each in (*NODES, load_node(NODE))),
    *((each, book_of_cluster(each)) for each in (*CLUSTERS, load_cluster(CLUSTER))),
]
ADDRESSES = (IPv4Address, IPv6Address, IPv4Network, IPv6Network)
EXPANDED = {"NetworkObject.networks"}
"""They follow from other keys, and from files."""
TEXTS = {"Ntp.servers", "TunnelPeer.endpoint", "Webhook.url", "Mail.relay"}
"""Fields that may have an address in their text."""


def address_fields() -> set[str]:
    """The fields of the model that have addresses or networks, by their types."""
    found: set[str] = set()
    for config, _ in BOOKS:
        for name, _, _ in values_in(config):
            found.add(name)
    kinds = {type(value) for config, _ in BOOKS for value in _all(config)}
    hints = {
        f"{kind.__name__}.{each.name}": str(get_type_hints(kind)[each.name])
        for kind in kinds
        if is_dataclass(kind)
        for each in fields(kind)
    }
    return {name for name in found if "ipaddress." in hints[name]} | TEXTS


def _all(value):
    if is_dataclass(value):
        yield value
        for each in fields(value):
            yield from _all(getattr(value, each.name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _all(inner)


def _addresses(value):
    """Those that a field's own value has; not those of tables below it."""
    if isinstance(value, ADDRESSES):
        yield str(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _addresses(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _addresses(inner)


def known(book) -> set[str]:
    found = {str(entry) for entry in book}
    return found | {str(value) for entry in book for value in (entry.ip, entry.network, entry.last)}


@pytest.mark.parametrize("name", sorted(address_fields() - TEXTS - EXPANDED))
def test_every_key_with_an_address_is_in_the_book(name):
    """A new key belongs into `address_book`, with a role of its own or another's."""
    tried = 0
    for config, book in BOOKS:
        for found, value, _ in values_in(config):
            here = set(_addresses(value)) if found == name else set()
            tried += len(here)
            derived = {str(each.network) for each in book if each.role is Role.VIRTUAL}
            assert here <= known(book) | derived, f"{name} is not in hadaemon/config/address_book.py"
    assert tried, f"give {name} a value in tests/unit/config/addresses.py"


@pytest.mark.parametrize(
    "key, address",
    [
        ("ntp.servers[1]", "192.168.12.123"),
        ("follow.wireguard[0].peers[0].endpoint", "198.51.100.7"),
        ("alarms.webhook.url", "192.168.12.52"),
        ("alarms.mail.relay", "192.168.12.25"),
    ],
)
def test_an_address_in_a_text_is_in_the_book(key, address):
    book = book_of_pair(load_node(NODE), load_cluster(CLUSTER))
    assert [str(entry.ip) for entry in book if entry.key == key] == [address]


def test_each_role_is_of_some_key_and_has_a_rule_or_none():
    book = book_of_pair(load_node(NODE), load_cluster(CLUSTER))
    assert {entry.role for entry in book} == set(Role)
    ruled = {role for rule in RULES for role in (*rule.ones, *rule.others)}
    assert set(Role) - ruled == {Role.SOURCE, Role.NAT, Role.TRACKED, Role.CHECK, Role.FILTER}
