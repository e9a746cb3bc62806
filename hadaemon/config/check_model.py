"""[[checks]] of cluster.toml, validated: what of the administrator's own is looked at. Times are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from hadaemon.vrrp.model import IPAddress

PROGRAMS = "cluster.d/checks"
"""The folder of their programs."""


class CountsOn(StrEnum):
    """On which nodes a failed ping group, or check, is a fault."""

    BOTH = "both"
    ACTIVE = "active"
    """The backup cannot reach it, and is not blamed: see `hadaemon.cluster.blame`."""


@dataclass(frozen=True, slots=True)
class Program:
    """A script of the configuration: good if it ends with 0."""

    path: str
    """Beside cluster.toml, e.g. `cluster.d/checks/mail`."""

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class Http:
    """A page: good if its status is 2xx."""

    address: IPAddress
    port: int
    path: str
    """With what follows behind `?`."""

    @property
    def host(self) -> str:
        """As the head of a request has it."""
        host = f"[{self.address}]" if self.address.version == 6 else f"{self.address}"
        return host if self.port == HTTP_PORT else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"http://{self.host}{self.path}"


HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Tcp:
    """A port: good if it takes a connection."""

    address: IPAddress
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Dns:
    """A name server: good if it says what it knows of a name (NOERROR)."""

    name: str
    server: IPAddress

    def __str__(self) -> str:
        return f"{self.name}@{self.server}"


@dataclass(frozen=True, slots=True)
class Process:
    """A program that runs."""

    name: str
    """Of its file; folders that its path must have stand before it, e.g. `postfix/master`."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Present:
    """A file or folder that exists."""

    path: str

    def __str__(self) -> str:
        return self.path


Target: TypeAlias = Program | Http | Tcp | Dns | Process | Present

KINDS: Mapping[type[Target], str] = {
    Program: "program",
    Http: "http",
    Tcp: "tcp",
    Dns: "dns",
    Process: "process",
    Present: "file",
}
"""The key of each."""


@dataclass(frozen=True, slots=True)
class Check:
    """One of [[checks]]: it counts as a failed ping group does."""

    name: str
    target: Target
    interval: float = 1.0
    timeout: float = 0.5
    fall: int = 3
    """Failures in a row after which it counts."""
    rise: int = 3
    """Successes in a row after which it counts no more."""
    counts_on: CountsOn = CountsOn.BOTH
