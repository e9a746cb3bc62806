"""What a flow can have done, and the results. All of it is data; `hadaemon.console` carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Card:
    """A network card of this box."""

    interface: str
    mac: str
    driver: str
    carrier: bool
    speed: int | None
    """Mbit/s; None: unknown."""


@dataclass(frozen=True, slots=True)
class ReadCards:
    """Looks at every network card, switched on meanwhile so that its link shows: a tuple of `Card`."""


@dataclass(frozen=True, slots=True)
class Blink:
    """Has a card's light blink for a few seconds: nothing."""

    interface: str


@dataclass(frozen=True, slots=True)
class Detect:
    """Looks for the hotwire's cable on every card: `Detected`."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The result of `Detect`."""

    mac: str
    """Empty: no card was found for certain."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HashPassword:
    """A password to its crypt(5) hash."""

    password: str

    def __repr__(self) -> str:
        """Never in a log."""
        return "HashPassword()"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A random key for signing advertisements, as the configuration writes it."""


@dataclass(frozen=True, slots=True)
class Store:
    """A preseed's content becomes this node's files, all or none, and the system's configuration."""

    raw: dict[str, Any]
    anew: bool = False
    """The node exists: this replaces what it has."""

    def __repr__(self) -> str:
        """Never in a log: it has secrets."""
        return "Store()"


@dataclass(frozen=True, slots=True)
class ReadStick:
    """Takes the preseed of a stick that was plugged in just now."""


@dataclass(frozen=True, slots=True)
class ReadDisks:
    """Looks at every disk of this box: a tuple of `Disk`."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One of the disks."""

    path: str
    text: str
    """Model and size."""
    refusal: str
    """Why nothing can be installed on it; empty: it can."""


@dataclass(frozen=True, slots=True)
class Hactl:
    """A command of `hactl`, which talks to the person itself."""

    arguments: tuple[str, ...]
    root: bool = False


@dataclass(frozen=True, slots=True)
class Activate:
    """The cluster's configuration with `enabled = true` is applied."""


@dataclass(frozen=True, slots=True)
class ReadPeer:
    """The configuration that the other node has: `PeerConfiguration`."""


@dataclass(frozen=True, slots=True)
class PeerPort:
    """A port that the cluster's configuration names."""

    name: str
    virtual_addresses: tuple[str, ...]
    """Empty: it is no HA interface."""
    dial_in: bool = False
    """The pair dials in there, and no node has an address of its own."""


@dataclass(frozen=True, slots=True)
class PeerConfiguration:
    """What a spare must fit."""

    cluster: str
    node: str
    """The other node's name."""
    ports: tuple[PeerPort, ...]
    """The ports, without the hotwire."""
    raw: Mapping[str, Any] = field(repr=False)
    """All of it, as a preseed has it: what the spare says of itself must not contradict it."""
    reach: bool = False
    """It has gateway, name servers, time servers or SSH for both boxes."""


@dataclass(frozen=True, slots=True)
class Pull:
    """The other node's configuration becomes this one's, again until the cluster is active: the last state
    in words."""


@dataclass(frozen=True, slots=True)
class Run:
    """A program that talks to the person itself."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AsRoot:
    """One of the flows that only root may carry out, on the same terminal."""

    flow: str


@dataclass(frozen=True, slots=True)
class ReadNode:
    """What this node has now, as a preseed would say it, without the administrator's secrets: a table."""


@dataclass(frozen=True, slots=True)
class StoreNode:
    """Another node.toml, and the system follows."""

    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoreCluster:
    """`hactl config apply` of a cluster.toml."""

    raw: dict[str, Any]

    def __repr__(self) -> str:
        """Never in a log: it has a key."""
        return "StoreCluster()"


@dataclass(frozen=True, slots=True)
class ChangeAdmin:
    """A new hash or a new key of the administrator. A key alone takes the password away."""

    password_hash: str = ""
    ssh_key: str = ""

    def __repr__(self) -> str:
        """Never in a log."""
        return "ChangeAdmin()"


@dataclass(frozen=True, slots=True)
class RestoreGood:
    """The last configuration that was accepted at a boot counts again."""


@dataclass(frozen=True, slots=True)
class FactoryReset:
    """Everything that makes it this node is forgotten, and it reboots."""
