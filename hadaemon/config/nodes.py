"""Both nodes in one file: what `[nodes]` and `[ports]` of cluster.toml say of each node. Pure.

`[nodes.<name>]` has what differs: own addresses, and variables that stand in any string of the file.
`[ports.<name>]` defines a port that needs no network card of its own, such as a VLAN. What node.toml says of
the same port counts, key by key: it is the box's own file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hadaemon.config import values
from hadaemon.config.migrate import Raw
from hadaemon.config.mistakes import Mistake, did_you_mean
from hadaemon.config.reader import Mistakes, Table
from hadaemon.config.variables import NODE, filled, resolved, variable_name

NODES = "nodes"
PORTS = "ports"
ADDRESSES = "addresses"
_NODES = 2
_MOST_NODES = 3
"""Tables: a node that is to get another name has both for a while."""
_EXAMPLE = 'wan = "198.51.100.1"'
_HARDWARE = {
    "mac": "belongs to a network card: write it in node.toml",
    "members": "are network cards: write them in node.toml",
    ADDRESSES: "differ from node to node: write them in [nodes.NAME.addresses]",
}
"""Keys of a port that both nodes cannot share."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What cluster.toml says of one node's ports."""

    ports: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """By the key that node.toml would have, that of cluster.toml."""
    file: str = ""
    covered: tuple[str, ...] = ()
    """Keys of node.toml that count in place of those of cluster.toml."""

    def beside(self, own: Mapping[str, object]) -> "Shared":
        """What is left of it beside the ports of node.toml."""
        ports: dict[str, Mapping[str, object]] = {}
        covered = []
        for port, keys in self.ports.items():
            mine = own.get(port)
            mine = mine if isinstance(mine, dict) else {}
            ports[port] = {key: value for key, value in keys.items() if key not in mine}
            covered += [f"{PORTS}.{port}.{key}" for key in keys if key in mine]
        gone = {*covered, *(f"{PORTS}.{port}" for port in own)}
        places = {key: place for key, place in self.places.items() if key not in gone}
        return Shared(ports, places, self.file, tuple(covered))

    def placed(self, mistake: Mistake, file: str, prefix: str = "") -> Mistake:
        """A mistake of node.toml, `file`, where its key is really."""
        key = mistake.path.removeprefix(prefix)
        for place in sorted(self.places, key=len, reverse=True) if mistake.file == file else ():
            if key == place or key.startswith((f"{place}.", f"{place}[")):
                path = self.places[place] + key.removeprefix(place)
                return replace(mistake, file=self.file, path=path)
        return mistake


NOTHING_SHARED = Shared()


@dataclass(frozen=True, slots=True)
class View:
    """cluster.toml as one node has it."""

    cluster: Raw
    """Without [nodes] and [ports], and with the values of that node."""
    shared: Shared
    variables: Mapping[str, str]
    """Empty: there are no [nodes], and a dollar sign means nothing."""
    names: tuple[str, ...]
    """The nodes that have a table."""


def view_of(table: Table, name: str) -> View:
    """As the node `name` has it; empty: the first one. What is wrong is noted, and then the rest of the file
    is not worth reading."""
    raw, mistakes = table.raw, table.mistakes
    rest = {key: value for key, value in raw.items() if key not in (NODES, PORTS)}
    ports = _read_ports(table)
    if NODES not in raw:
        return View(rest, _shared(table, ports, name, {}), {}, ())
    nodes = table.named_tables(NODES, values.host_name, "[nodes.alpha]")
    _note_names(table, tuple(nodes), name)
    read = {each: _read_node(inner, each) for each, inner in nodes.items()}
    name = name or next(iter(nodes), "")
    addresses, variables = read.get(name, ({}, {}))
    variables = {NODE: name, **variables}
    if name not in nodes:  # What it lacks is told where it is used.
        variables = {NODE: name}
    fill = _Filler(variables, mistakes)
    told = {key: fill(value, table.at(key)) for key, value in rest.items()}
    ports = {port: fill(value, f"{table.at(PORTS)}.{port}") for port, value in ports.items()}
    own = {}
    for port, value in addresses.items():
        before = len(mistakes.found)
        found = fill(value, _place(table, name, port))
        if len(mistakes.found) == before:
            own[port] = found
    return View(told, _shared(table, ports, name, own), variables, tuple(nodes))


def is_for_both(raw: Mapping[str, object]) -> bool:
    """Whether a cluster.toml says what differs from node to node, or defines ports."""
    return not raw.keys().isdisjoint({NODES, PORTS})


def shared_in(table: Table, name: str) -> Shared:
    """What cluster.toml says of that node's ports. What is wrong is not noted: whoever reads the whole file
    does that."""
    if not name or not is_for_both(table.raw):
        return NOTHING_SHARED
    return view_of(table.holding(table.raw, Mistakes(table.mistakes.file)), name).shared


def merged(node: Raw, shared: Shared, mistakes: Mistakes) -> Raw:
    """node.toml with what cluster.toml says of its ports beside it."""
    own = own_ports(node)
    known = (*own, *(port for port, keys in shared.ports.items() if set(keys) != {ADDRESSES}))
    both: dict[str, Any] = dict(own)
    for port, keys in shared.ports.items():
        if port not in known:
            hint = did_you_mean(port, known, "it has")
            place = shared.places[f"{PORTS}.{port}.{ADDRESSES}"]
            mistakes.add(place, f'node {node.get("name")} has no port "{port}": {hint}', shared.file)
        elif isinstance(both.setdefault(port, {}), dict):
            both[port] = {**both[port], **keys}
    return {**node, PORTS: both} if both else node


def own_ports(node: Raw) -> Mapping[str, object]:
    """Those of node.toml; none, where it has nothing that could be some."""
    found = node.get(PORTS)
    return found if isinstance(found, dict) else {}


def _shared(table: Table, ports: Mapping[str, Any], name: str, addresses: Mapping[str, Any]) -> Shared:
    found = {port: dict(keys) for port, keys in ports.items()}
    places = {f"{PORTS}.{port}": f"{table.at(PORTS)}.{port}" for port in ports}
    places |= {
        f"{PORTS}.{port}.{key}": f"{table.at(PORTS)}.{port}.{key}" for port in ports for key in ports[port]
    }
    for port, own in addresses.items():
        found.setdefault(port, {})[ADDRESSES] = own
        places[f"{PORTS}.{port}.{ADDRESSES}"] = _place(table, name, port)
    return Shared(found, places, table.mistakes.file)


def _place(table: Table, name: str, port: str) -> str:
    return f"{Table({}, table.at(NODES), table.mistakes).at(name)}.addresses.{port}"


def _read_ports(table: Table) -> dict[str, dict[str, Any]]:
    if PORTS not in table.raw:
        return {}
    found = {}
    for port, inner in table.named_tables(PORTS, values.port_name, "[ports.guests]").items():
        for key, why in _HARDWARE.items():
            if inner.has(key):
                inner.note(key, why)
        found[port] = {key: value for key, value in inner.raw.items() if key not in _HARDWARE}
    return found


def _read_node(table: Table, name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Own addresses by port, and variables; as far as they are good."""
    addresses, variables = table.table(ADDRESSES), table.table("variables")
    table.close()
    own: dict[str, Any] = {}
    for port in addresses.raw if addresses is not None else ():
        assert addresses is not None
        try:
            own[values.port_name(port)] = addresses.raw[port]
        except ValueError as error:
            addresses.note(port, str(error))
    return own, {} if variables is None else _read_variables(variables, name)


def _read_variables(table: Table, node: str) -> dict[str, str]:
    given = {}
    for name, value in table.raw.items():
        try:
            variable_name(name)
        except ValueError as error:
            table.note(name, str(error))
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            table.note(name, f"must be a string or an integer, e.g. {_EXAMPLE}")
        elif isinstance(value, str) and not value.isprintable():
            table.note(name, "has control characters: a value is one line of plain text")
        else:
            given[name] = str(value)
    good, wrong = resolved({**given, NODE: node})
    for name, why in wrong.items():
        table.note(name, why)
    return {name: text for name, text in good.items() if name != NODE}


def _note_names(table: Table, names: tuple[str, ...], name: str) -> None:
    if len(names) > _MOST_NODES:
        table.note(NODES, f"has {len(names)} nodes, and a cluster has two: {', '.join(names)}")
    elif len(names) >= _NODES and name and name not in names:
        hint = did_you_mean(name, names, "they are")
        table.note(NODES, f'none of them is this node, "{name}": {hint}')


class _Filler:
    """Fills variables into whatever a table holds."""

    def __init__(self, variables: Mapping[str, str], mistakes: Mistakes) -> None:
        self._variables = variables
        self._mistakes = mistakes

    def __call__(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            try:
                return filled(value, self._variables)
            except ValueError as error:
                self._mistakes.add(path, str(error))
                return value
        if isinstance(value, list):
            return [self(each, f"{path}[{index}]") for index, each in enumerate(value)]
        if isinstance(value, dict):
            inner = Table(value, path, self._mistakes)
            return {key: self(each, inner.at(key)) for key, each in value.items()}
        return value


def differing(mistakes: Mapping[str, tuple[Mistake, ...]]) -> Iterator[Mistake]:
    """By node what is wrong with the file: told once, with the name of the node if it is not so for all."""
    first = next(iter(mistakes.values()), ())
    everywhere = [each for each in first if all(each in found for found in mistakes.values())]
    yield from everywhere
    for name, found in mistakes.items():
        for each in found:
            if each not in everywhere:
                yield replace(each, message=f"as node {name} has it: {each.message}")


def same_addresses(views: Iterable[View]) -> Iterator[Mistake]:
    """Two nodes cannot have one address; a link-local one counts on its port only."""
    taken: dict[tuple[str, str], str] = {}
    for view in views:
        for port, keys in view.shared.ports.items():
            own = keys.get(ADDRESSES)
            place = view.shared.places.get(f"{PORTS}.{port}.{ADDRESSES}", "")
            for index, address in enumerate(own if isinstance(own, list) else ()):
                ip = str(address).partition("/")[0].lower()
                key = (ip, port if ip.startswith("fe80:") else "")
                if key in taken:
                    said = f"{ip} is at {taken[key]} too: give this node another one"
                    yield Mistake(view.shared.file, f"{place}[{index}]", said)
                taken.setdefault(key, f"{place}[{index}]")
