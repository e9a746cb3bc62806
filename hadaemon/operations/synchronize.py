"""A synchronization, carried out: compare, ask, lock both nodes, do the plan's steps, read back."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from hadaemon.errors import HadaemonError
from hadaemon.io.store.forms import tree_in_schema
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import Peer, Sent
from hadaemon.sync.difference import difference
from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head
from hadaemon.sync.holder import Holder
from hadaemon.sync.plan import (
    Check,
    Commit,
    End,
    ReadBack,
    Side,
    SyncStep,
    may_follow,
    nothing_to_do,
    plan,
    refusal,
    roles_change,
)
from hadaemon.sync.record import How
from hadaemon.sync.tree import Tree, digest


class Halfway(HadaemonError):
    """One node has the new configuration, the other kept its own: both are whole, and they differ."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a person decides about."""

    to_peer: bool
    source: Side
    target: Side
    tree: Tree
    """The source's configuration, in a format that both nodes read."""
    converted: bool
    """It is not what the source has, but the same in an older format."""
    lines: tuple[str, ...]
    """What differs, without secrets."""
    roles: str | None
    """What becomes of the roles, if they change."""

    @property
    def nothing(self) -> bool:
        """Both have the same."""
        return nothing_to_do(self.source, self.target)

    @property
    def described(self) -> tuple[str, ...]:
        """For the person who decides."""
        head = f"the configuration of {self.source.name} becomes that of {self.target.name}:"
        lines = [f"  {line}" for line in self.lines or ("the content is the same",)]
        return (head, *lines, *([self.roles] if self.roles is not None else []))


def compare(here: OwnConfiguration, peer: Peer, to_peer: bool, overwrite_newer: bool) -> Comparison:
    """Looks at both. Raises SyncError when it must not be."""
    own, other = here.side(), peer.side
    source, target = (own, other) if to_peer else (other, own)
    reason = refusal(source, target, overwrite_newer)
    if reason is not None:
        raise SyncError(reason)
    mine, theirs = here.generations.tree(), peer.read_form()
    if to_peer:
        sent = for_peer(mine, peer) if mine is not None else None
        before = theirs.tree if theirs is not None else None
    else:
        sent, before = theirs, mine
    if sent is None:
        raise SyncError(f"{source.name} has no cluster configuration that could be synchronized")
    _refuse_losses(sent, target.name)
    lines, roles = difference(before, sent.tree), roles_change(source, target)
    return Comparison(to_peer, source, target, sent.tree, sent.converted, lines, roles)


def for_peer(tree: Tree, peer: Peer) -> Sent:
    """In a format that the peer reads too."""
    form, lost = tree_in_schema(tree, peer.schema)
    return Sent(form, form != tree, lost)


def _refuse_losses(sent: Sent, target: str) -> None:
    """Between two versions of the firmware, both nodes have what both understand, or it waits."""
    if sent.lost:
        raise SyncError(
            f"the firmware of {target} is older and does not know {'; '.join(sent.lost)}: upgrade it first; "
            "until then the synchronization waits"
        )


def synchronize(
    here: OwnConfiguration,
    peer: Peer,
    seen: Comparison,
    holder: Holder,
    overwrite_newer: bool = False,
    confirm: float | None = None,
) -> tuple[str, ...]:
    """Carries out what was agreed to. The caller holds this node's lock. Returns what is to be told."""
    other = peer.lock(holder)
    source, target = (here.side(), other) if seen.to_peer else (other, here.side())
    if (source, target) != (seen.source, seen.target):
        raise SyncError("a configuration has changed since the difference was shown: look at it again")
    mine = OwnEnd(here, holder, How.SYNC, confirm)
    theirs = PeerEnd(peer, source, confirm, overwrite_newer)
    ends: dict[End, AnEnd] = {End.SOURCE: mine, End.TARGET: theirs}
    if not seen.to_peer:
        ends = {End.SOURCE: theirs, End.TARGET: mine}
    form = digest(seen.tree) if seen.converted else ""
    return carry_out(plan(source, target, secrets.token_hex(16), form), ends, seen.tree)


def apply_on_both(
    here: OwnConfiguration,
    peer: Peer,
    tree: Tree,
    head: Head,
    how: How,
    holder: Holder,
    confirm: float | None,
) -> tuple[str, ...]:
    """A change on this node that goes to the peer at once: both check it before either commits."""
    sent = for_peer(tree, peer)
    _refuse_losses(sent, peer.side.name)
    tree, head = sent.tree, replace(head, digest=digest(sent.tree))
    target = peer.lock(holder)
    known = {record.head.digest for record in here.generations.records()} | {here.generations.head().digest}
    source = Side(here.name, head, here.check(tree).cluster.master)
    reason = may_follow(target.head, known, here.generations.head().cluster_id) or refusal(source, target)
    if reason is not None:
        raise SyncError(f"nothing was changed: {reason}")
    steps = (
        Check(End.SOURCE),
        Check(End.TARGET),
        Commit(End.SOURCE, head),
        Commit(End.TARGET, head),
        ReadBack(End.TARGET, head.digest),
    )
    ends: dict[End, AnEnd] = {
        End.SOURCE: OwnEnd(here, holder, how, confirm),
        End.TARGET: PeerEnd(peer, source, confirm, overwrite_newer=False),
    }
    return carry_out(steps, ends, tree)


class AnEnd(Protocol):
    """One of the two nodes, as the steps see it."""

    name: str

    def check(self, tree: Tree) -> Sequence[str]: ...

    def commit(self, tree: Tree, head: Head) -> Sequence[str]: ...

    def digest(self) -> str: ...


class OwnEnd:
    """This node."""

    def __init__(self, here: OwnConfiguration, holder: Holder, how: How, confirm: float | None) -> None:
        self.name = here.name
        self._here = here
        self._holder = holder
        self._how = how
        self._confirm = confirm

    def check(self, tree: Tree) -> Sequence[str]:
        """The dry run here."""
        return self._here.check(tree).notes

    def commit(self, tree: Tree, head: Head) -> Sequence[str]:
        """In one step."""
        return self._here.commit(tree, head, self._how, self._holder, self._confirm, both=True).notes

    def digest(self) -> str:
        """As read from the disk."""
        return self._here.read_back()


class PeerEnd:
    """The other node."""

    def __init__(self, peer: Peer, source: Side, confirm: float | None, overwrite_newer: bool) -> None:
        self.name = peer.side.name
        self._peer = peer
        self._source = source
        self._confirm = confirm
        self._overwrite_newer = overwrite_newer

    def check(self, tree: Tree) -> Sequence[str]:
        """The dry run there."""
        return self._peer.check(tree)

    def commit(self, _: Tree, head: Head) -> Sequence[str]:
        """What it has checked."""
        return self._peer.commit(head, self._source, self._confirm, self._overwrite_newer)

    def digest(self) -> str:
        """As it reads it from its disk."""
        return self._peer.digest()


def carry_out(steps: Sequence[SyncStep], ends: dict[End, AnEnd], tree: Tree) -> tuple[str, ...]:
    """The steps in their order; the first failure ends it. Notes of both nodes, each once."""
    notes: dict[str, None] = {}
    committed: list[str] = []
    for step in steps:
        end = ends[step.end]
        try:
            match step:
                case Check():
                    notes.update(dict.fromkeys(end.check(tree)))
                case Commit(_, head):
                    notes.update(dict.fromkeys(end.commit(tree, head)))
                    committed.append(end.name)
                case ReadBack(_, expected):
                    if end.digest() != expected:
                        raise SyncError(f"{end.name} reads back something else than was sent: see its disk")
        except HadaemonError as error:
            if committed and end.name not in committed:
                raise Halfway(
                    f"{' and '.join(committed)} has the configuration, {end.name} kept what it had: {error}; "
                    "synchronize again when that is mended"
                ) from error
            raise
    return tuple(notes)
