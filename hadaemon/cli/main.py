"""The command line of `hactl`: arguments, exit codes, and one clear sentence when something is wrong."""

import os
import sys
from collections.abc import Sequence

from hadaemon.cli.argparse_words import take_over
from hadaemon.cli.failure import CommandFailed, Exit, failure_of
from hadaemon.cli.on_peer import run_on_peer
from hadaemon.cli.parser import build_parser
from hadaemon.cli.places import RUN
from hadaemon.errors import HadaemonError
from hadaemon.language.choice import chosen
from hadaemon.language.speech import speak
from hadaemon.text.safe import safe_output

_SERIAL = "vt"
"""How TERM begins on a serial line: vt220."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    speak(chosen(os.environ, _stored_language), os.environ.get("TERM", "").startswith(_SERIAL))
    take_over()
    with safe_output():
        try:
            return _run(given)
        except CommandFailed as failure:
            print(f"hactl: {failure}", file=sys.stderr)
            return failure.code
        except KeyboardInterrupt:
            print(file=sys.stderr)
            return Exit.INTERRUPTED


def _stored_language() -> str:
    """As the setup has left it; empty: it has not run."""
    try:
        return (RUN / "language").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _run(given: list[str]) -> int:
    try:
        if given[:1] == ["--peer"]:
            return run_on_peer(given[1:])
        options = build_parser().parse_args(given)
        return int(options.run(options) or Exit.DONE)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Standard output must not be flushed again at the exit.
        sys.stderr.close()
    except (HadaemonError, OSError) as error:
        raise failure_of(error) from error
    return Exit.DONE
