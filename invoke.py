#!/usr/bin/env python3
"""Hotspare's launcher: `python3 invoke.py TASK`. Needs nothing but Python 3.11 on Debian or Ubuntu.

It makes `.venv` with the hash-locked packages, then runs the tasks in it. This file has the name of the
library that it drives, so whoever imports it by accident is handed the library instead.
"""

import sys


def make_way() -> None:
    """Imported as `invoke`: take this folder off the search path and load the library in our place."""
    import importlib
    from pathlib import Path

    here = Path(__file__).resolve().parent
    del sys.modules["invoke"]
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    sys.modules["invoke"] = importlib.import_module("invoke")


def main() -> None:
    """Prepare the virtual environment if that is due, then become the task runner."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must get a sentence, not a SyntaxError
        sys.exit(
            f"error: Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})"
        )
    from firmware.errors import FirmwareError
    from firmware.venv import ensure_venv, exec_tasks

    try:
        ensure_venv()
    except FirmwareError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted; the next run starts this step afresh")
    exec_tasks(sys.argv[1:])


if __name__ == "__main__":
    main()
elif __name__ == "invoke":
    make_way()
