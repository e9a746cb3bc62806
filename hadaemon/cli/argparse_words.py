"""What argparse itself says, which it takes from gettext: from our catalog, where the person is spoken to."""

import argparse

from hadaemon.language.speech import _, marked

WORDS = (
    marked("usage: "),
    marked("positional arguments"),
    marked("options"),
    marked("%(heading)s:"),
    marked("show this help message and exit"),
    marked("the following arguments are required: %s"),
    marked("expected one argument"),
    marked("expected at most one argument"),
    marked("expected at least one argument"),
    marked("unrecognized arguments: %s"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
    marked("invalid %(type)s value: %(value)r"),
    marked("ambiguous option: %(option)s could match %(matches)s"),
    marked("ignored explicit argument %r"),
    marked("not allowed with argument %s"),
    marked("one of the arguments %s is required"),
    marked("%(prog)s: error: %(message)s\n"),
)
"""Those that a command of ours can bring about."""


def take_over() -> None:
    """From now on argparse speaks the language of this process."""
    argparse._ = _  # type: ignore[attr-defined]
