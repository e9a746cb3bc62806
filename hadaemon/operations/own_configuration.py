"""The configuration of this node, as the commands and the peer's verbs change it: checked, whole, guarded.

Every change is a dry run, a staged generation, one step that makes it count, and the daemon's reload. Callers
hold the lock.
"""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hadaemon.control.requests import Reload, request_to_json
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import ask
from hadaemon.io.store.files import read_text, sync_folder, write_text
from hadaemon.io.store.generations import Generations
from hadaemon.operations.dry_run import Checked, Refused, dry_run, master_of
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.guard import Guard, guard_from_json, guard_to_json, seconds_left
from hadaemon.sync.head import Head
from hadaemon.sync.holder import Holder
from hadaemon.sync.plan import Side, next_head
from hadaemon.sync.record import How, Record
from hadaemon.sync.tree import Tree, digest

GUARD = "confirm.json"
_RELOAD_TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A configuration that counts."""

    record: Record
    notes: tuple[str, ...]


class OwnConfiguration:
    """What this node has, and the only way to change it."""

    def __init__(self, state: Path, control: Path, start_guard: Callable[[], None] | None = None) -> None:
        self.state = state
        self.generations = Generations(state)
        self._control = control
        self._start_guard = start_guard

    @property
    def name(self) -> str:
        """Of this node."""
        node = load_configuration(self.state).node
        return node.name if node is not None else os.uname().nodename

    def side(self) -> Side:
        """What a plan must know."""
        tree = self.generations.tree()
        return Side(self.name, self.generations.head_of(tree), master_of(tree, self.state))

    def check(self, tree: Tree) -> Checked:
        """Could this node run it? Raises Refused."""
        return dry_run(tree, self.generations.tree(), self.state, self._control)

    def next_head(self, tree: Tree, checked: Checked) -> Head:
        """Of a change that is made on this node."""
        leads = checked.cluster.master == checked.node.name
        return next_head(self.generations.head(), digest(tree), leads, secrets.token_hex(16))

    def commit(
        self,
        tree: Tree,
        head: Head,
        how: How,
        holder: Holder,
        confirm: float | None = None,
        note: str = "",
        both: bool = False,
    ) -> Committed:
        """Makes the configuration count. With `confirm` it goes back after so many seconds, unless it is
        confirmed. `both`: the other node has it too. Raises Refused, FileError: then what was before still
        counts."""
        checked = self.check(tree)
        self._refuse_while_guarded()
        self.generations.sweep()
        self._adopt(holder)
        staged = self.generations.stage(tree)
        record = _record(head, how, holder, note)
        before = self.generations.current()
        if confirm is not None:
            self._set_guard(before, record, confirm, both)
        self.generations.commit(staged, record)
        found = self.generations.head()
        if found != head:
            raise SyncError(
                f"{self.state}: generation {head.generation} was written, and reads back differently: the "
                "disk may be failing"
            )
        notes = (*checked.notes, *self._reload(before))
        if confirm is not None and self._start_guard is not None:
            self._start_guard()
        return Committed(record, notes)

    def read_back(self) -> str:
        """The digest of what is on the disk now."""
        tree = self.generations.tree()
        return digest(tree) if tree is not None else ""

    def guard(self) -> Guard | None:
        """The change that waits to be confirmed."""
        path = self.generations.folder / GUARD
        text = read_text(path)
        return None if text is None else guard_from_json(text, str(path))

    def seconds_left(self) -> float | None:
        """Until a change goes back; None: none waits to be confirmed."""
        guard = self.guard()
        return None if guard is None else seconds_left(guard, _boot_id(), _uptime())

    def confirm(self) -> bool:
        """The change stays. False: none waited."""
        if self.guard() is None:
            return False
        self._end_guard()
        return True

    def go_back(self) -> str:
        """Undoes the change that nobody confirmed; says what was done. Harmless when there is none."""
        guard = self.guard()
        if guard is None:
            return "nothing waits to be confirmed"
        current = self.generations.current()
        if current is None or current.name != guard.undo:
            self._end_guard()
            return "the change that waited to be confirmed does not count any more"
        if guard.back_to:
            self.generations.point_to(guard.back_to)
        else:
            self.generations.clear()
        if guard.back_to:
            self._end_guard()
        notes = self._reload(None)
        outcome = "the configuration was not confirmed in time: what was before counts again"
        return "; ".join((outcome, *notes))

    def reset(self) -> tuple[str, ...]:
        """A stand-alone node without a history of clusters."""
        self.generations.clear()
        return self._reload(None)

    def _adopt(self, holder: Holder) -> None:
        """What came by preseed or by hand becomes a generation, so that it can be gone back to."""
        tree = self.generations.tree()
        if tree is None:
            return
        head, current = self.generations.head_of(tree), self.generations.current()
        if current is not None and current.head == head:
            return
        how = How.PRESEED if current is None else How.BY_HAND
        record = replace(_record(head, how, holder, ""), who="", node="")
        self.generations.commit(self.generations.stage(tree), record)

    def _reload(self, before: Record | None) -> tuple[str, ...]:
        """Has the daemon apply it. A daemon that refuses what the dry run took: back to what was before."""
        try:
            answer = ask(self._control, request_to_json(Reload(keep_active=True)), _RELOAD_TIMEOUT)
        except (OSError, ControlError):
            return ("the daemon does not answer: the configuration takes effect when it starts",)
        if answer.get("ok"):
            return ()
        problems = tuple(str(problem) for problem in answer.get("problems", ())) or (
            str(answer.get("error")),
        )
        if before is not None:
            self.generations.point_to(before.name)
            raise Refused(self.name, problems)
        return problems

    def _refuse_while_guarded(self) -> None:
        left = self.seconds_left()
        if left is not None:
            raise SyncError(
                f"{self.name}: a change waits to be confirmed and goes back in {left:.0f} s: "
                "`hactl config confirm` or `hactl config rollback --unconfirmed` first"
            )

    def _set_guard(self, before: Record | None, record: Record, seconds: float, both: bool) -> None:
        back_to = before.name if before else ""
        guard = Guard(_boot_id(), _uptime() + seconds, back_to, record.name, both)
        write_text(self.generations.folder / GUARD, guard_to_json(guard), 0o640)

    def _end_guard(self) -> None:
        path = self.generations.folder / GUARD
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def user_name() -> str:
    """Who is at work, also behind sudo."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.geteuid())


def now_text() -> str:
    """The node's clock."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _record(head: Head, how: How, holder: Holder, note: str) -> Record:
    return Record(head, now_text(), holder.who, holder.node, how, note)


def _boot_id() -> str:
    try:
        return (read_text(Path("/proc/sys/kernel/random/boot_id")) or "").strip()
    except HadaemonError:
        return ""


def _uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
