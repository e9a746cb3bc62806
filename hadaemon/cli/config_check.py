"""`hactl config check`: would these files be accepted? Nothing is applied."""

import argparse
import dataclasses
import json
from pathlib import Path

from hadaemon.cli.colour import show
from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.places import STATE
from hadaemon.errors import with_problems
from hadaemon.language.speech import _, told
from hadaemon.operations.check import check_files
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE

SCHEMA = 1


def add_check(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    for option, path in (("--node", STATE / NODE_FILE), ("--cluster", STATE / CLUSTER_FILE)):
        offers(command.add_argument(option, type=Path, default=path, help="(%(default)s)"), Offer.FILES)
    command.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> None:
    found = check_files(options.node, options.cluster, options.socket)
    if options.json:
        result = {"schema": SCHEMA, "good": not found.problems, **dataclasses.asdict(found)}
        print(json.dumps(result, indent=2))
    if found.problems:
        raise CommandFailed(
            Exit.REFUSED, told(with_problems(_("the configuration is wrong"), found.problems))
        )
    if options.json:
        return
    alone = _("good, and without {file} the node stands alone").format(file=options.cluster)
    show(_("good") if options.cluster.exists() else alone)
    for note in found.notes:
        print(_("note: {note}").format(note=told(note)))
