"""The task runner: pyinvoke over `firmware.tasks`, with the program's own name and plain failures."""

import os
import sys

from invoke.collection import Collection
from invoke.program import Program

from firmware import __version__, tasks


def main() -> int:
    """Run the tasks named on the command line; without any, list them. Returns the exit code."""
    program = Program(
        name="Hotspare",
        binary="python3 invoke.py",
        namespace=Collection.from_module(tasks),
        version=__version__,
    )
    arguments = sys.argv[1:] or ["--list"]
    if arguments == ["--list"]:
        print("Usage: python3 invoke.py TASK [--option ...]; more of a task: python3 invoke.py --help TASK\n")
    try:
        program.run(["invoke.py", *arguments])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # Whoever read it has read enough, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


if __name__ == "__main__":
    sys.exit(main())
