"""Run by the image's own Python when the image is made: writes the code of all modules that hadaemon loads.

See hadaemon/precompiled.py for why, and for who reads the file.
"""

import builtins
import dataclasses
import importlib
import marshal
import pkgutil
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType

import hadaemon
from hadaemon.precompiled import HEAD, Entry, Index

_PYC_HEAD = 16
"""Bytes before the code in a .pyc file (PEP 552)."""
tables: dict[str, dict[str, CodeType]] = {}


def record(source: str, names: dict[str, object], result: dict[str, object]) -> None:
    """Compiles, remembers, and goes on."""
    code = compile(source, "<string>", "exec")
    tables.setdefault(str(names["__name__"]), {})[source] = code
    builtins.exec(code, names, result)  # noqa: S102 - as `dataclasses` does


def code_of(spec: ModuleSpec) -> bytes:
    """A module's code as its .pyc file has it, and so always the same; compiled where there is none."""
    assert isinstance(spec.loader, SourceFileLoader)
    compiled = Path(spec.cached or "")
    if compiled.is_file():
        return compiled.read_bytes()[_PYC_HEAD:]
    return marshal.dumps(spec.loader.get_code(spec.name))


def entry_of(spec: ModuleSpec, body: bytearray) -> Entry | None:
    """Adds a module to the body. None: it is in the interpreter, or no file at all."""
    origin, is_package = spec.origin or "", spec.submodule_search_locations is not None
    if origin.endswith(tuple(EXTENSION_SUFFIXES)):
        return False, origin, 0, 0, 0
    if not isinstance(spec.loader, SourceFileLoader):
        return None
    offset, code, table = len(body), code_of(spec), b""
    if spec.name in tables:
        table = marshal.dumps(tables[spec.name])
    body += code + table
    return is_package, origin, offset, len(code), len(table)


def main() -> None:
    """Imports every module of hadaemon, and writes all that are there then."""
    vars(dataclasses)["exec"] = record
    for found in sorted(found.name for found in pkgutil.walk_packages(hadaemon.__path__, "hadaemon.")):
        if not found.endswith(("__main__", ".precompile")):
            importlib.import_module(found)
    body = bytearray()
    index: Index = {}
    for name, module in sorted(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.name == name and (entry := entry_of(spec, body)):
            index[name] = entry
    head = marshal.dumps((sys.hexversion, len(body), index))
    content = len(head).to_bytes(HEAD, "little") + head + body
    Path(hadaemon.__path__[0], "precompiled.bin").write_bytes(content)


if __name__ == "__main__":
    main()
