"""Ready configurations as labs: a folder of docs/setups/ becomes a topology.

The folder is as an administrator has it (cluster.toml, NAME/node.toml), and the nodes boot with just these
files. Beside them, lab.toml says what is around the pair: which ports are plugged into which network, and who
else is there.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, ip_interface
from pathlib import Path
from string import Template
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


def title_of(name: str) -> str:
    """What its page calls it."""
    page = (SETUPS / name / "README.md").read_text(encoding="utf-8")
    return page.partition("\n")[0].removeprefix("# ")


def setup_of(folder: Path) -> Setup:
    """The same of any folder. Raises TopologyError, FirmwareError."""
    try:
        lab, shared = _toml(folder / LAB_FILE), _toml(folder / "cluster.toml")
        networks = {port: network for network, each in lab["networks"].items() for port in each["ports"]}
        return Setup(
            Topology(
                tuple(_networks(lab)),
                tuple(_nodes(folder, networks, shared.get("nodes", {}))),
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


def _nodes(folder: Path, networks: Mapping[str, str], shared: Mapping[str, Any]) -> Iterator[PlannedNode]:
    for file in sorted(folder.glob("*/node.toml")):
        raw = _toml(file)
        told = shared.get(raw["name"], {})
        ports = []
        for name, port in raw["ports"].items():
            if "mac" in port:
                texts = (*port.get("addresses", ()), *told.get("addresses", {}).get(name, ()))
                own = tuple(_version_4(_filled_in(texts, told.get("variables", {}))))
                ports.append(Port(name, port["mac"], networks[name], own))
        yield PlannedNode(raw["name"], tuple(ports), file.read_text(encoding="utf-8"))


def _filled_in(texts: Iterable[str], variables: Mapping[str, object]) -> Iterator[str]:
    return (Template(text).substitute(variables) for text in texts)


def _clients(lab: Mapping[str, Any]) -> Iterator[PlannedClient]:
    for number, (name, each) in enumerate(lab.get("hosts", {}).items(), start=1):
        mac = f"52:54:00:48:c1:{number:02x}"
        behind = tuple(map(IPv4Address, each.get("behind", ())))
        yield PlannedClient(
            name, each["network"], mac, IPv4Interface(each["address"]), behind, each.get("vlan")
        )


def _cluster(folder: Path, shared: Mapping[str, Any]) -> Cluster:
    interfaces = tuple(
        HaInterface(_card(each, shared), tuple(_version_4(each["virtual_addresses"])))
        for each in shared["ha_interfaces"]
    )
    hotwire = shared.get("hotwire", {}).get("port")
    text = (folder / "cluster.toml").read_text(encoding="utf-8")
    files = tuple(
        (str(file.relative_to(folder)), file.read_text(encoding="utf-8"))
        for file in sorted((folder / "cluster.d").rglob("*"))
        if file.is_file()
    )
    return Cluster(shared["name"], shared["master"], interfaces, hotwire, text=text, files=files)


def _card(interface: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """The port whose cable leads to the virtual addresses: of a VLAN its parent."""
    port: str = interface.get("addresses_on", interface["port"])
    parent: str = shared.get("ports", {}).get(port, {}).get("parent", port)
    return parent


def _version_4(addresses: Iterable[str]) -> Iterator[IPv4Interface]:
    for text in addresses:
        address = ip_interface(text)
        if isinstance(address, IPv4Interface):
            yield address


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
