"""`python -m hadaemon.cli.folder FOLDER`: a cluster's files, where no node is; prints JSON.

`python3 invoke.py check` runs it in a process of its own, so that a laptop says what a node would say.
"""

import dataclasses
import json
import sys
from pathlib import Path

from hadaemon.operations.check_folder import check_folder

SCHEMA = 1


def main(folder: str) -> int:
    """0: good; 1: a node would refuse it."""
    found = check_folder(Path(folder))
    told = {"schema": SCHEMA, "good": not found.problems, **dataclasses.asdict(found)}
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
