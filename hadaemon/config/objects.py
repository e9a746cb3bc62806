"""[networks] and [services] of cluster.toml: names that rules may use."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import TypeAlias

from hadaemon.config import firewall_words as words
from hadaemon.config import values
from hadaemon.config.firewall_model import Service, ServiceObject
from hadaemon.config.mistakes import did_you_mean, nearest
from hadaemon.config.objects_model import (
    EXCEPT,
    LIST_SUFFIX,
    LISTS,
    Exempt,
    Item,
    NetworkObject,
    network_object,
)
from hadaemon.config.reader import Mistakes, Table
from hadaemon.config.resolver import Resolver
from hadaemon.vrrp.model import IPNetwork

Lists: TypeAlias = Mapping[str, str]
"""The texts of the files below cluster.d/networks/, by name."""

FOLDER = f"cluster.d/{LISTS}"
MAX_SIZE = 1 << 20
"""Bytes of one file."""
MAX_LISTED = 20_000
"""Networks of one file."""
MAX_NETWORKS = 100_000
"""Of all names together: the kernel gets each name whole."""
_MAX_TOLD = 10
"""Wrong lines of one file that are told."""
_WORD = re.compile(r"[a-z][a-z0-9_-]*\Z")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,59}\Z")
_NOT_NETWORKS = ("node", "own", "none", "any")
"""Words that mean something else where the name of a network can stand."""
_NETWORKS, _SERVICES = "networks", "services"


@dataclass(frozen=True, slots=True)
class Names:
    """What the rest of the file may name."""

    networks: Mapping[str, NetworkObject] = field(default_factory=dict)
    services: Mapping[str, ServiceObject] = field(default_factory=dict)

    def addresses(self, text: str) -> Item | Exempt:
        """A network, a name, or an exception of either. Raises ValueError."""
        if text.startswith(EXCEPT):
            return Exempt(self.item(text.removeprefix(EXCEPT)))
        return self.item(text)

    def item(self, text: str) -> Item:
        """A network or a name. Raises ValueError."""
        found = self.networks.get(text)
        if found is not None:
            return found
        return _network(text, self.networks)

    def service(self, text: str) -> tuple[Service | ServiceObject, ...]:
        """A service of ours, or a name. Raises ValueError."""
        found = self.services.get(text)
        return (found,) if found is not None else _service(text, self.services)


NOTHING = Names()


def read_names(table: Table, lists: Lists | None) -> Names:
    """`lists`: None, if nobody has read them. Wrong ones are noted, and are there all the same, so that not
    every rule that uses one is told too."""
    networks = _read_networks(table, lists)
    services = _read_services(table)
    return Names(networks, services)


def _read_networks(table: Table, lists: Lists | None) -> dict[str, NetworkObject]:
    written: dict[str, tuple[str, ...]] = {}
    files: dict[str, NetworkObject] = {}
    names: list[str] = []

    def read(inner: Table, name: str) -> str:
        names.append(name)
        if name in _NOT_NETWORKS:
            inner.note(name, f'"{name}" means something else in rules: give the network another name')
        if inner.has_table(name):
            files[name] = _read_file(inner, name, lists)
        else:
            written[name] = inner.texts(name, str, '["192.168.12.0/24"]', required=True) or ()
        return name

    table.tagged(_NETWORKS, _object_name, read)
    path = table.at(_NETWORKS)
    resolver = Resolver(written, files, _network, network_object, path, table.mistakes)
    found = {name: resolver.resolve(name) for name in names}
    total = sum(len(each.networks) for each in found.values())
    if total > MAX_NETWORKS:
        message = f"have {total} networks together, {MAX_NETWORKS} are the limit: remove some"
        table.mistakes.add(path, message)
    return found


def _read_file(table: Table, name: str, lists: Lists | None) -> NetworkObject:
    inner = table.table(name)
    assert inner is not None
    file = inner.text("file", _list_name, 'file = "servers.txt"')
    inner.close()
    if file is None or lists is None:
        return network_object(name, file=file or "")
    text = lists.get(file)
    if text is None:
        hint = f": {did_you_mean(file, lists, 'there are')}" if lists else ""
        inner.note("file", f"there is no file {FOLDER}/{file}{hint}")
        return network_object(name, file=file)
    listed = read_list(text, f"{FOLDER}/{file}", table.mistakes)
    if listed is None:
        return network_object(name, file=file)
    return network_object(name, (), file, sha256(text.encode()).hexdigest(), listed)


def read_list(text: str, file: str, mistakes: Mistakes) -> tuple[IPNetwork, ...] | None:
    """A network or an address a line; what follows # is a comment. None when a mistake was noted."""
    size = len(text.encode())
    if size > MAX_SIZE:
        mistakes.add("", f"has {size} bytes, {MAX_SIZE} are the limit: remove some", file)
        return None
    found: list[IPNetwork] = []
    wrong = 0
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            found.append(values.network(word))
        except ValueError as error:
            wrong += 1
            if wrong <= _MAX_TOLD:
                mistakes.add(f"line {number}", str(error), file)
    if wrong > _MAX_TOLD:
        mistakes.add("", f"{wrong - _MAX_TOLD} more lines are wrong", file)
    elif not wrong and not found:
        mistakes.add("", "has no address and no network: write one a line", file)
    elif len(found) > MAX_LISTED:
        mistakes.add("", f"has {len(found)} networks, {MAX_LISTED} are the limit: remove some", file)
        return None
    return None if wrong or not found else tuple(found)


def _read_services(table: Table) -> dict[str, ServiceObject]:
    written: dict[str, tuple[str, ...]] = {}

    def read(inner: Table, name: str) -> str:
        if name in (*words.KNOWN, *words.WITH_PORTS, *words.ALONE, *_NOT_NETWORKS):
            inner.note(name, f'"{name}" means something already: give the service another name')
        written[name] = inner.texts(name, str, '["tcp/443"]', required=True) or ()
        return name

    table.tagged(_SERVICES, _object_name, read)
    resolver = Resolver(written, {}, _service, _service_object, table.at(_SERVICES), table.mistakes)
    return {name: resolver.resolve(name) for name in written}


def _service_object(
    name: str, members: Iterable[ServiceObject | tuple[Service | ServiceObject, ...]]
) -> ServiceObject:
    parts = (each if isinstance(each, tuple) else (each,) for each in members)
    return ServiceObject(name, tuple(dict.fromkeys(chain.from_iterable(parts))))


def _network(text: str, known: Iterable[str]) -> IPNetwork:
    if text.startswith(EXCEPT):
        raise ValueError(f"{values.shown(text)}: an exception stands in a rule only")
    if not _WORD.match(text):
        return values.network(text)
    names = tuple(known)
    hint = did_you_mean(text, names, "there are") if names else f"name it in [{_NETWORKS}], or write it out"
    raise ValueError(f"there is no network {values.shown(text)}: {hint}")


def _service(text: str, known: Iterable[str]) -> tuple[Service, ...]:
    try:
        return words.services(text)
    except ValueError:
        near = nearest(text, known) if _WORD.match(text) else ""
        if not near:
            raise
    raise ValueError(f"there is no service {values.shown(text)}: did you mean {near}?")


def _object_name(text: str) -> str:
    """Also the name of a set of nftables."""
    try:
        return values.port_name(text)
    except ValueError:
        raise ValueError(
            f"{values.shown(text)} is not a name: use 1 to 15 lower-case letters, digits, hyphens and "
            "underscores, a letter first"
        ) from None


def _list_name(text: str) -> str:
    if not _FILE.match(text) or not text.endswith(LIST_SUFFIX):
        raise ValueError(
            f"{values.shown(text)} is not the name of a list: write that of a file in {FOLDER}/ that ends in "
            f"{LIST_SUFFIX}, e.g. servers{LIST_SUFFIX}"
        )
    return text
