"""The configuration of one node becomes the other's: both are looked at, locked, and made the same."""

from collections.abc import Callable
from dataclasses import dataclass

from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import ANSWER_TIME, Peer, peer_of
from hadaemon.operations.synchronize import Comparison, compare, synchronize
from hadaemon.sync.holder import Holder

_COMMAND = "config sync"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become the same."""

    to_peer: bool
    """This node's configuration becomes the peer's; else the other way."""
    overwrite_newer: bool = False
    """Even if the configuration that goes is the newer one."""
    answer_time: float = ANSWER_TIME
    """Seconds for each answer of the peer."""


def compare_and_synchronize(
    paths: NodePaths, wish: Wish, may_go_on: Callable[[Comparison], bool]
) -> Outcome | Comparison:
    """In one conversation, if `may_go_on` agrees when it hears what differs.

    Otherwise nothing was changed, and the comparison is the answer: no conversation waits for a person to
    decide. Raises HadaemonError.
    """
    here = paths.configuration()
    with peer_of(paths.state, wish.answer_time) as peer:
        seen = compare(here, peer, wish.to_peer, wish.overwrite_newer)
        if seen.nothing:
            return Outcome(f"nothing to do: {_synchronized(seen)}", changed=False)
        if not may_go_on(seen):
            return seen
        with changing(paths, _COMMAND) as (here, holder):
            return _synchronize(here, peer, seen, holder, wish)


def synchronize_as_seen(paths: NodePaths, wish: Wish, seen: Comparison) -> Outcome:
    """What somebody has agreed to meanwhile. Raises HadaemonError, also when anything has changed since."""
    with changing(paths, _COMMAND) as (here, holder), peer_of(paths.state, wish.answer_time) as peer:
        return _synchronize(here, peer, seen, holder, wish)


def _synchronize(here: OwnConfiguration, peer: Peer, seen: Comparison, holder: Holder, wish: Wish) -> Outcome:
    notes = synchronize(here, peer, seen, holder, wish.overwrite_newer)
    return Outcome(_synchronized(seen), notes)


def _synchronized(seen: Comparison) -> str:
    return f"{seen.source.name} and {seen.target.name} are synchronized"
