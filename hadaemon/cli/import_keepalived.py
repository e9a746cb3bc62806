"""`python -m hadaemon.cli.import_keepalived REQUEST`: keepalived's files to ours; prints JSON.

`python3 invoke.py import` runs it in a process of its own. REQUEST is one JSON object: the fields of
`ImportRequest`, all of them lists of words but `into`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from hadaemon.errors import HadaemonError
from hadaemon.operations.import_keepalived import ImportRequest, import_keepalived
from hadaemon.text.reading import read_json

SCHEMA = 1
_PATHS = ("files", "conntrackd", "boxes")


def main(text: str) -> int:
    """0: it was written; 1: nothing was."""
    asked: dict[str, Any] = read_json(text)
    fields: dict[str, Any] = {
        key: tuple(Path(word) if key in _PATHS else word for word in words) for key, words in asked.items()
    }
    told: dict[str, object] = {"schema": SCHEMA, "report": "", "problems": []}
    try:
        told["report"] = import_keepalived(ImportRequest(**{**fields, "into": Path(asked["into"])}))
    except HadaemonError as error:
        told["problems"] = [str(each) for each in getattr(error, "problems", (error,))]
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 1 if told["problems"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
