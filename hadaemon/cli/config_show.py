"""`hactl config show`: the configuration as it stands, without a secret in it."""

import argparse
import json

from hadaemon.cli.places import add_places
from hadaemon.language.speech import _, told
from hadaemon.operations.effective import DEFAULT, Value, effective
from hadaemon.operations.show import show_configuration

SCHEMA = 1


def add_show(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    which = command.add_mutually_exclusive_group()
    which.add_argument("--node", action="store_true", help="node.toml instead: what is this node's alone")
    which.add_argument(
        "--effective", action="store_true", help="each value that counts here, and where it comes from"
    )
    add_places(command)
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    if options.effective:
        _show_effective(options)
        return
    shown = show_configuration(options.state, options.node)
    if options.json:
        answer = {"schema": SCHEMA, "file": shown.file, "values": shown.values, "files": shown.beside}
        print(json.dumps(answer, indent=2))
        return
    print(shown.text.rstrip("\n"))
    for file in shown.beside:
        print(_("# beside it: {file}").format(file=file))


def _show_effective(options: argparse.Namespace) -> None:
    found = effective(options.state)
    parts = {"node": found.node, "cluster": found.cluster}
    if options.json:
        answer = {
            part: [{"key": each.key, "value": each.value, "origin": each.origin} for each in values]
            for part, values in parts.items()
        }
        print(json.dumps({"schema": SCHEMA, **answer}, indent=2))
        return
    print(_("# this node"))
    _print_values(found.node)
    if found.cluster:
        print(_("# the cluster"))
        _print_values(found.cluster)


def _print_values(values: tuple[Value, ...]) -> None:
    for each in values:
        origin = _("default") if each.origin == DEFAULT else told(each.origin)
        print(f"{each.key} = {each.value}  # {origin}")
