"""`hactl config example`: ready configurations, to be looked at and copied."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from hadaemon.language.speech import _
from hadaemon.operations.examples import EXAMPLES, example, examples
from hadaemon.text.columns import columns

SCHEMA = 1


def add_example(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("name", nargs="?", help="which; without it all are listed")
    command.add_argument("--folder", type=Path, default=EXAMPLES, help=argparse.SUPPRESS)
    command.set_defaults(run=_example)


def _example(options: argparse.Namespace) -> None:
    found = [example(options.folder, options.name)] if options.name else list(examples(options.folder))
    if options.json:
        print(json.dumps({"schema": SCHEMA, "examples": [asdict(each) for each in found]}, indent=2))
    elif options.name:
        print(found[0].text.rstrip("\n"))
        for file in found[0].nodes:
            print(_("# beside it: {file}").format(file=file))
    else:
        print("\n".join(columns([(each.name, each.about) for each in found])))
        print(_("`hactl config example NAME` shows one"))
