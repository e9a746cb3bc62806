"""`hactl config apply`, `confirm`, `history`, `rollback`, `diff`, `reset`: changes of the configuration."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.asking import CommandFailed, Exit, failure_of
from hadaemon.cli.columns import table
from hadaemon.cli.completion import Offer, offers
from hadaemon.errors import HadaemonError
from hadaemon.sync.tree import CLUSTER, FILES

if TYPE_CHECKING:
    from hadaemon.config import ClusterConfig
    from hadaemon.io.store.identity import Identity
    from hadaemon.operations.own_configuration import OwnConfiguration
    from hadaemon.sync.holder import Holder
    from hadaemon.sync.record import How, Record
    from hadaemon.sync.tree import Tree

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

STATE = Path("/data/state")
RUN = Path("/run/hotspare")
SCHEMA = 1
TIMEOUT = 45.0
"""Seconds for one answer of the peer: longer than its dry run may take."""
_UNITS = {"s": 1, "m": 60, "h": 3600}


def add_config_changes(commands: "Commands") -> None:
    """Adds the commands to those of `hactl config`."""
    apply = _command(commands, "apply", _apply, "make a file or a folder the configuration of the cluster")
    file = apply.add_argument("file", type=Path, help=f"a {CLUSTER}, or a folder with {CLUSTER} and {FILES}/")
    offers(file, Offer.FILES)
    add_confirm(apply)
    confirm = _command(commands, "confirm", _confirm, "keep what was applied with --confirm")
    history = _command(commands, "history", _history, "the last generations: when, by whom, how")
    history.add_argument("--json", action="store_true", help="the same for programs")
    rollback = _command(commands, "rollback", _rollback, "make an older generation the configuration again")
    generation = rollback.add_argument(
        "generation", type=int, nargs="?", help="its number (default: the one before)"
    )
    offers(generation, Offer.GENERATIONS)
    rollback.add_argument(
        "--unconfirmed", action="store_true", help="undo now what was applied with --confirm"
    )
    for changing in (confirm, rollback):
        _add_here(changing)
    diff = _command(commands, "diff", _diff, "what differs, without secrets")
    diff.add_argument("--peer", action="store_true", help="from this node's configuration to the peer's")
    other = diff.add_argument("other", nargs="?", help="a file, a folder, or the number of a generation")
    offers(other, Offer.GENERATIONS_AND_FILES)
    diff.add_argument("--json", action="store_true", help="the same for programs")
    reset = _command(commands, "reset", _reset, "leave the cluster: a clean stand-alone node; the peer stays")
    reset.add_argument("--yes", action="store_true", help="do not ask")


def add_places(command: argparse.ArgumentParser) -> None:
    """Where things are; only tests have reason to say so."""
    command.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    command.add_argument("--run", type=Path, default=RUN, dest="run_folder", help=argparse.SUPPRESS)


def add_confirm(command: argparse.ArgumentParser) -> None:
    """The options of a change that is made here: for how long, and where."""
    command.add_argument(
        "--confirm",
        type=_seconds,
        metavar="TIME",
        help="go back by itself unless `hactl config confirm` follows within TIME, e.g. 5m",
    )
    _add_here(command)


def _add_here(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--here", action="store_true", help='on this node alone, even with sync = "on-apply"'
    )


def _command(
    commands: "Commands", name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    add_places(command)
    command.set_defaults(run=told(run))
    return command


def told(run: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], None]:
    """Domain errors become what a command says at its end."""

    def wrapped(options: argparse.Namespace) -> None:
        try:
            run(options)
        except HadaemonError as error:
            raise failure_of(error) from error

    return wrapped


def own(options: argparse.Namespace) -> "OwnConfiguration":
    """This node's configuration."""
    from hadaemon.io.programs.services import start_guard
    from hadaemon.operations.own_configuration import OwnConfiguration

    return OwnConfiguration(options.state, options.socket, start_guard)


def holder_of(options: argparse.Namespace, here: "OwnConfiguration", doing: str) -> "Holder":
    """Who is at work, for the lock and the history."""
    from hadaemon.operations.own_configuration import now_text, user_name
    from hadaemon.sync.holder import Holder

    return Holder(user_name(), here.name, now_text(), f"hactl {doing}")


def agreed(question: str) -> bool:
    """Asks the person at the terminal; nobody there means no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _apply(options: argparse.Namespace) -> None:
    from hadaemon.io.store.pair_lock import locked
    from hadaemon.sync.record import How

    here = own(options)
    with locked(options.run_folder, here.name, holder := holder_of(options, here, "config apply")):
        tree = tree_from(options.file, here.generations.tree())
        present = here.generations.head()
        if present.digest == _digest(tree) and not present.fresh:
            print("nothing to do: this is the configuration already")
            return
        make_it_count(options, here, tree, How.APPLY, holder)
    if options.confirm is not None:
        print(f"it goes back by itself in {options.confirm} s unless you run `hactl config confirm`")


def make_it_count(
    options: argparse.Namespace,
    here: "OwnConfiguration",
    tree: "Tree",
    how: "How",
    holder: "Holder",
    note: str = "",
) -> None:
    """Commits on this node, or with `sync = "on-apply"` on both or on none."""
    from hadaemon.config import SyncMode
    from hadaemon.io.store.identity import Identity

    checked = here.check(tree)
    head = here.next_head(tree, checked)
    identity = Identity(here.state)
    refuse_activation(here, checked.cluster, identity)
    confirm: int | None = getattr(options, "confirm", None)
    on_both = checked.cluster.sync is SyncMode.ON_APPLY and not options.here and identity.paired
    if not on_both:
        outcome = here.commit(tree, head, how, holder, confirm, note)
        tell(f"generation {head.generation} is applied on {here.name}", outcome.notes)
        return
    from hadaemon.operations.peer import peer_of
    from hadaemon.operations.synchronize import apply_on_both

    with peer_of(here.state, TIMEOUT) as peer:
        notes = apply_on_both(here, peer, tree, head, how, holder, confirm)
        tell(f"generation {head.generation} is applied on {here.name} and {peer.side.name}", notes)


def refuse_activation(here: "OwnConfiguration", cluster: "ClusterConfig", identity: "Identity") -> None:
    """A cluster with a hotwire is not activated before the nodes hold each other's keys."""
    from hadaemon.state.configuration import load_configuration

    before = load_configuration(here.state).cluster
    begins = cluster.enabled and (before is None or not before.enabled)
    if begins and cluster.hotwire is not None and not identity.paired:
        raise CommandFailed(
            Exit.REFUSED,
            "the cluster cannot be activated before the nodes hold each other's keys: pair them "
            "(`hactl pair`), or apply it with enabled = false first",
        )


def _confirm(options: argparse.Namespace) -> None:
    here = own(options)
    if here.guard() is None:
        raise CommandFailed(Exit.REFUSED, "nothing waits to be confirmed")
    if _is_on_both(here) and not options.here:
        from hadaemon.operations.peer import peer_of

        # The peer first: what is confirmed on one node alone would make them differ.
        with peer_of(here.state, TIMEOUT) as peer:
            peer.confirm()
            print(f"the configuration stays on {peer.side.name}")
    here.confirm()
    print(f"the configuration stays on {here.name}")


def _is_on_both(here: "OwnConfiguration") -> bool:
    from hadaemon.config import SyncMode
    from hadaemon.io.store.identity import Identity
    from hadaemon.state.configuration import load_configuration

    cluster = load_configuration(here.state).cluster
    return cluster is not None and cluster.sync is SyncMode.ON_APPLY and Identity(here.state).paired


def _history(options: argparse.Namespace) -> None:
    here = own(options)
    records, current = here.generations.records(), here.generations.current()
    left = here.seconds_left()
    if options.json:
        found = [_as_json(record, record == current) for record in records]
        print(json.dumps({"schema": SCHEMA, "generations": found, "seconds_left": left}, indent=2))
    elif not records:
        print("no configuration was applied on this node so far")
    else:
        header = ("", "generation", "time (UTC)", "how", "by", "digest", "note")
        print("\n".join(table(header, [_row(record, record == current) for record in records])))
    if left is not None and not options.json:
        print(f"the current one goes back in {left:.0f} s unless you run `hactl config confirm`")


def _rollback(options: argparse.Namespace) -> None:
    from hadaemon.io.store.pair_lock import locked
    from hadaemon.sync.record import How

    here = own(options)
    with locked(options.run_folder, here.name, holder := holder_of(options, here, "config rollback")):
        if options.unconfirmed:
            if _is_on_both(here) and not options.here:
                _go_back_on_peer(here, holder)
            print(here.go_back())
            return
        record = _older(here, options.generation)
        tree = here.generations.read(record)
        note = f"generation {record.head.generation} again"
        make_it_count(options, here, tree, How.ROLLBACK, holder, note)
    print(note)


def _go_back_on_peer(here: "OwnConfiguration", holder: "Holder") -> None:
    from hadaemon.operations.peer import peer_of

    with peer_of(here.state, TIMEOUT) as peer:
        peer.lock(holder)
        print(f"{peer.side.name}: {peer.go_back()}")


def _diff(options: argparse.Namespace) -> None:
    from hadaemon.sync.difference import difference

    here = own(options)
    present = here.generations.tree()
    if options.peer:
        from hadaemon.operations.peer import peer_of

        with peer_of(here.state, TIMEOUT) as peer:
            lines = difference(present, peer.read())
    elif options.other is None:
        older = _older(here, None)
        lines = difference(here.generations.read(older), present)
    elif options.other.isdecimal():
        lines = difference(here.generations.read(_older(here, int(options.other))), present)
    else:
        lines = difference(present, tree_from(Path(options.other), present))
    if options.json:
        print(json.dumps({"schema": SCHEMA, "same": not lines, "lines": list(lines)}, indent=2))
    else:
        print("\n".join(lines) if lines else "no difference")


def _reset(options: argparse.Namespace) -> None:
    from hadaemon.io.programs.services import restart_sync_server
    from hadaemon.io.store.identity import Identity
    from hadaemon.io.store.pair_lock import locked

    here = own(options)
    question = f"{here.name} leaves its cluster, and forgets its configurations and the peer's keys. Go on?"
    if not options.yes and not agreed(question):
        raise CommandFailed(Exit.REFUSED, "nothing was changed")
    with locked(options.run_folder, here.name, holder_of(options, here, "config reset")):
        notes = here.reset()
        Identity(here.state).revoke()
        restart_sync_server()
    tell(f"{here.name} stands alone", notes)


def tree_from(path: Path, present: "Tree | None") -> "Tree":
    """A folder is the whole configuration; a file is cluster.toml, and the files that belong to it stay."""
    from hadaemon.io.errors import FileError
    from hadaemon.io.store.files import read_text
    from hadaemon.io.store.trees import read_tree
    from hadaemon.sync.tree import make_tree

    if path.is_dir():
        return read_tree(path)
    text = read_text(path)
    if text is None:
        raise FileError(f"{path}: there is no such file")
    belonging = present.belonging if present is not None else {}
    return make_tree({**belonging, CLUSTER: text.encode()}, str(path))


def _older(here: "OwnConfiguration", wanted: int | None) -> "Record":
    records, current = here.generations.records(), here.generations.current()
    if wanted is None:
        others = records[records.index(current) + 1 :] if current in records else records
        if not others:
            raise CommandFailed(Exit.REFUSED, "there is no older generation")
        return others[0]
    found = [record for record in records if record.head.generation == wanted]
    if not found:
        kept = ", ".join(str(record.head.generation) for record in records) or "none"
        raise CommandFailed(Exit.REFUSED, f"there is no generation {wanted}: kept are {kept}")
    return found[0]


def _row(record: "Record", is_current: bool) -> tuple[str, ...]:
    time = record.time.removesuffix("+00:00").replace("T", " ")
    by = f"{record.who}@{record.node}" if record.who else "-"
    mark = "*" if is_current else ""
    return mark, str(record.head.generation), time, record.how, by, record.head.digest[:12], record.note


def _as_json(record: "Record", is_current: bool) -> dict[str, object]:
    return {
        **record.head.as_json(),
        "time": record.time,
        "who": record.who,
        "node": record.node,
        "how": record.how,
        "note": record.note,
        "current": is_current,
    }


def tell(what: str, notes: Sequence[str]) -> None:
    """What was done, and what the administrator should know."""
    print("\n".join(_lines(what, notes)))


def _lines(what: str, notes: Sequence[str]) -> Iterator[str]:
    yield what
    yield from (f"  note: {note}" for note in notes)


def _digest(tree: "Tree") -> str:
    from hadaemon.sync.tree import digest

    return digest(tree)


def _seconds(text: str) -> int:
    from hadaemon.sync.guard import MAX_SECONDS, MIN_SECONDS

    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write e.g. 90s, 5m or 1h")
    seconds = int(number) * _UNITS[unit]
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r}: {MIN_SECONDS} s to {MAX_SECONDS // 3600} h are possible")
    return seconds
