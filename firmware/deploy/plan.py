"""Which pairs there are, and where their nodes are: from the folders and what was typed. Pure.

The check of a folder is the nodes' own; where administrators may log in follows from the files themselves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.deploy.options import DeployOptions
from firmware.deploy.reach import Reach, options_of
from firmware.errors import FirmwareError

_HOST = re.compile(
    r"(?P<node>[a-z0-9.-]+)=(?:(?P<user>[\w.-]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(?P<port>\d+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The nodes of one folder."""

    name: str
    folder: Path
    nodes: tuple[Reach, ...]
    """The one by which the pair is changed comes first: the master."""
    own: Mapping[str, Mapping[str, object]]
    """By node the values of its node.toml in the folder."""
    has_hotwire: bool = True
    """By which one node changes the other, too."""


def plan(folder: Path, found: Mapping[str, Any], options: DeployOptions) -> Pair:
    """`found`: what the check of the folder says. Raises FirmwareError: a node has no address."""
    typed: dict[str, re.Match[str]] = {}
    for name, at in _typed(options.at):
        if name in typed:
            raise FirmwareError(f"where {name} is is said twice", "--at", "say it once")
        typed[name] = at
    strange = sorted(set(typed) - set(found["nodes"]))
    if strange and len(options.folder) == 1:
        raise FirmwareError(
            f"there is no node {strange[0]}", "--at", f"the nodes are {', '.join(found['nodes'])}"
        )
    names = sorted(found["nodes"], key=lambda name: (name != found["master"], name))
    if not found["master"]:
        raise FirmwareError(
            "there is no cluster.toml to deploy", str(folder), "write one, or import a pair's"
        )
    reaches = tuple(_reach(name, folder, found["logins"].get(name, []), typed, options) for name in names)
    return Pair(found["cluster"], folder, reaches, found["own"], found["has_hotwire"])


def _reach(
    name: str, folder: Path, logins: Sequence[str], typed: Mapping[str, re.Match[str]], options: DeployOptions
) -> Reach:
    at = typed.get(name)
    if at is not None:
        host, port, user = at["host"].strip("[]"), at["port"] or "", at["user"] or options.user
    elif logins:
        host, _, port = logins[0].rpartition(" ")
        user = options.user
    else:
        raise FirmwareError(
            f"{name} has no own address at which administrators may log in",
            f"{folder}: [ssh] and the own addresses of its ports",
            f"say where it is: --at {name}=192.0.2.7",
        )
    return Reach(name, f"{user}@{host}", tuple(options_of(options.ssh_config, folder / "known_hosts", port)))


def _typed(hosts: Sequence[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for text in hosts:
        found = _HOST.match(text)
        if found is None:
            raise FirmwareError(
                f"{text!r} does not say where a node is",
                "--at",
                "write e.g. alpha=192.0.2.7, alpha=admin@192.0.2.7:2222 or alpha=[2001:db8::7]:22",
            )
        yield found["node"], found
