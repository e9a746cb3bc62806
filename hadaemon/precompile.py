"""Run by the image's own Python when the image is made: compiles the methods of all data classes of hadaemon.

See hadaemon/precompiled.py for why, and for who reads the file.
"""

import builtins
import dataclasses
import importlib
import marshal
import pkgutil
import sys
from pathlib import Path
from types import CodeType

import hadaemon

tables: dict[str, dict[str, CodeType]] = {}


def record(source: str, names: dict[str, object], result: dict[str, object]) -> None:
    """Compiles, remembers, and goes on."""
    code = compile(source, "<string>", "exec")
    tables.setdefault(str(names["__name__"]), {})[source] = code
    builtins.exec(code, names, result)  # noqa: S102 - as `dataclasses` does


def main() -> None:
    """Imports every module, and writes what that has compiled."""
    vars(dataclasses)["exec"] = record
    for module in sorted(found.name for found in pkgutil.walk_packages(hadaemon.__path__, "hadaemon.")):
        if not module.endswith(("__main__", ".precompile", ".precompiled")):
            importlib.import_module(module)
    packed = {
        module: marshal.dumps(tables[module]) for module in sorted(tables) if module.startswith("hadaemon.")
    }
    Path(hadaemon.__path__[0], "precompiled.bin").write_bytes(marshal.dumps((sys.hexversion, packed)))


if __name__ == "__main__":
    main()
