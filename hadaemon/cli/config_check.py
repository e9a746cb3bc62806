"""`hactl config check`: would these files be accepted? Nothing is applied."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.asking import CommandFailed, Exit, with_problems
from hadaemon.cli.colour import coloured
from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.config_changes import STATE, told
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SCHEMA = 1


def add_config_check(commands: "Commands") -> None:
    """Adds the command to those of `hactl config`."""
    check = commands.add_parser("check", help="validate files, apply nothing")
    for option, path in (("--node", STATE / NODE_FILE), ("--cluster", STATE / CLUSTER_FILE)):
        offers(check.add_argument(option, type=Path, default=path, help="(%(default)s)"), Offer.FILES)
    check.add_argument("--json", action="store_true", help="the same for programs")
    check.set_defaults(run=told(_check))


def _check(options: argparse.Namespace) -> None:
    # Here and not above: every other command would wait for it too.
    from hadaemon.io.store.files import read_text
    from hadaemon.io.store.snippet_files import read_snippets
    from hadaemon.state.configuration import check_texts
    from hadaemon.state.firewall_check import try_configuration
    from hadaemon.status.states import Condition

    node, cluster = read_text(options.node), read_text(options.cluster)
    if node is None:
        raise CommandFailed(Exit.REFUSED, f"{options.node}: there is no such file")
    snippets = read_snippets(options.cluster.parent)
    checked = check_texts(node, cluster, str(options.node), str(options.cluster), snippets)
    problems, notes = checked.problems, tuple[str, ...]()
    if checked.condition is not Condition.REFUSED:
        problems, notes = try_configuration(checked)
    if options.json:
        found = {"schema": SCHEMA, "good": not problems, "problems": list(problems), "notes": list(notes)}
        print(json.dumps(found, indent=2))
    if problems:
        raise CommandFailed(Exit.REFUSED, with_problems("the configuration is wrong", problems))
    if options.json:
        return
    alone = f"good, and without {options.cluster} the node stands alone"
    print(coloured("good" if cluster is not None else alone))
    for note in notes:
        print(f"note: {note}")
