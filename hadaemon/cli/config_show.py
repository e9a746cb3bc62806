"""`hactl config show`: the configuration as it stands, without a secret in it."""

import argparse
import json

from hadaemon.cli.places import add_places
from hadaemon.language.speech import _
from hadaemon.operations.show import show_configuration

SCHEMA = 1


def add_show(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--node", action="store_true", help="node.toml instead: what is this node's alone")
    add_places(command)
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    shown = show_configuration(options.state, options.node)
    if options.json:
        told = {"schema": SCHEMA, "file": shown.file, "values": shown.values, "files": shown.beside}
        print(json.dumps(told, indent=2))
        return
    print(shown.text.rstrip("\n"))
    for file in shown.beside:
        print(_("# beside it: {file}").format(file=file))
