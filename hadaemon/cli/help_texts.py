"""What `--help` shows of the commands and their options, for the catalogs: a JSON array of texts."""

import argparse
import json
import re
from collections.abc import Iterator

from hadaemon.cli.parser import build_parsers

_VALUE = re.compile(r"%\(\w+\)\w")
_WORD = re.compile(r"[a-z]{2,}", re.IGNORECASE)


def help_texts() -> Iterator[str]:
    """Each that has a word in it; one that is there twice comes twice."""
    for parser in build_parsers().values():
        parser.fill()
        command = parser.command
        found = (command.summary, command.text, command.json, *(what for _, what in command.examples))
        options = (action.help for action in parser._actions if action.help != argparse.SUPPRESS)
        yield from (text for text in (*found, *options) if text and _WORD.search(_VALUE.sub("", text)))


if __name__ == "__main__":
    print(json.dumps(list(help_texts())))
