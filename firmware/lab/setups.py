"""Ready configurations as labs: a folder of docs/setups/ becomes a topology.

The folder is as an administrator has it (cluster.toml, NAME/node.toml), and the nodes boot with just these
files. Beside them, lab.toml says what is around the pair: which ports are plugged into which network, and who
else is there.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, ip_interface
from pathlib import Path
from typing import Any

from firmware.errors import FirmwareError
from firmware.lab.topology import (
    Cluster,
    HaInterface,
    Network,
    NetworkKind,
    PlannedClient,
    PlannedNode,
    PlannedProvider,
    Port,
    Topology,
)
from firmware.paths import ROOT

SETUPS = ROOT / "docs/setups"
LAB_FILE = "lab.toml"


@dataclass(frozen=True, slots=True)
class Setup:
    """A lab, and who watches the pair in it."""

    topology: Topology
    watcher: str
    """The client that pings the first virtual address of its network."""


def setup_names() -> tuple[str, ...]:
    """Those that there are."""
    return tuple(sorted(folder.parent.name for folder in SETUPS.glob(f"*/{LAB_FILE}")))


def read_setup(name: str) -> Setup:
    """Raises FirmwareError: there is no such setup, or its files contradict each other."""
    if name not in setup_names():
        raise FirmwareError(
            f"there is no setup {name!r}", str(SETUPS.relative_to(ROOT)), f"one of {', '.join(setup_names())}"
        )
    return setup_of(SETUPS / name)


def setup_of(folder: Path) -> Setup:
    """The same of any folder. Raises TopologyError, FirmwareError."""
    try:
        lab, shared = _toml(folder / LAB_FILE), _toml(folder / "cluster.toml")
        networks = {port: network for network, each in lab["networks"].items() for port in each["ports"]}
        return Setup(
            Topology(
                tuple(_networks(lab)),
                tuple(_nodes(folder, networks)),
                tuple(_clients(lab)),
                _cluster(folder, shared),
                tuple(PlannedProvider(**each) for each in lab.get("providers", ())),
            ),
            lab["watch"],
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"the files of a setup cannot be understood: {error!r}"
        raise FirmwareError(what, str(folder), "docs/setups/README.md has an example") from None


def _networks(lab: Mapping[str, Any]) -> Iterator[Network]:
    for name, each in lab["networks"].items():
        yield Network(name, NetworkKind.CABLE if each.get("cable") else NetworkKind.SWITCH)


def _nodes(folder: Path, networks: Mapping[str, str]) -> Iterator[PlannedNode]:
    for file in sorted(folder.glob("*/node.toml")):
        raw = _toml(file)
        cards = ((name, port["mac"]) for name, port in raw["ports"].items() if "mac" in port)
        ports = tuple(Port(name, mac, networks[name]) for name, mac in cards)
        yield PlannedNode(raw["name"], ports, file.read_text(encoding="utf-8"))


def _clients(lab: Mapping[str, Any]) -> Iterator[PlannedClient]:
    for number, (name, each) in enumerate(lab.get("hosts", {}).items(), start=1):
        mac = f"52:54:00:48:c1:{number:02x}"
        yield PlannedClient(name, each["network"], mac, IPv4Interface(each["address"]))


def _cluster(folder: Path, shared: Mapping[str, Any]) -> Cluster:
    interfaces = tuple(
        HaInterface(each["port"], tuple(_version_4(each["virtual_addresses"])))
        for each in shared["ha_interfaces"]
    )
    hotwire = shared.get("hotwire", {}).get("port")
    text = (folder / "cluster.toml").read_text(encoding="utf-8")
    return Cluster(shared["name"], shared["master"], interfaces, hotwire, text=text)


def _version_4(addresses: list[str]) -> Iterator[IPv4Interface]:
    for text in addresses:
        address = ip_interface(text)
        if isinstance(address, IPv4Interface):
            yield address


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
