"""Code that was compiled when the image was made, in one file. To import this module is all there is to do.

Two things take half of the time that a program of ours needs until it works:

- Python looks for each of some 400 modules in five folders, and opens, checks and reads a file for it. Here
  they come from one file, one read each.
- `dataclasses` writes the methods of each class as source text, and compiles that whenever a program starts.
  Here the compiled text stands beside its module.

What is not in the file, or all of it for a Python of another version, is found and compiled as ever.

Nothing else belongs here: it is loaded before all the rest, and therefore loads little itself.
"""

import builtins
import marshal
import os
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from types import CodeType

FILE = f"{__file__.rpartition('/')[0]}/precompiled.bin"
HEAD = 8
"""Bytes at its beginning: the length of the index that follows, least byte first. Then come the modules."""
Entry = tuple[bool, str, int, int, int]
"""Of a module: whether it is a package, the path of its source or of its library, where its code begins, and
the sizes of its code and of its table of data classes. A library has neither."""
Index = dict[str, Entry]


class Modules:
    """What the import system asks before it looks for files: a finder of PEP 451."""

    def __init__(self, descriptor: int, begin: int, index: Index) -> None:
        """`descriptor` of the file, open for good; `begin`: of the modules in it."""
        self._descriptor, self._begin, self._index = descriptor, begin, index
        self._tables: dict[str, dict[str, CodeType]] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """How to load a module; None: it is not in the file."""
        entry = self._index.get(name)
        if entry is None:
            return None
        is_package, origin, _, size, _ = entry
        loader = Packed(name, origin, self) if size else ExtensionFileLoader(name, origin)
        spec = ModuleSpec(name, loader, origin=origin, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [origin.rpartition("/")[0]]
        return spec

    def get_code(self, name: str) -> CodeType:
        """The code of one that is in the file."""
        _, _, offset, size, _ = self._index[name]
        return self._load(offset, size)  # type: ignore[return-value]

    def run(self, source: str, names: dict[str, object], result: dict[str, object]) -> None:
        """In place of the built-in `exec` in `dataclasses`."""
        module = str(names["__name__"])
        if module not in self._tables:
            _, _, offset, size, table = self._index.get(module, (False, "", 0, 0, 0))
            self._tables[module] = self._load(offset + size, table) if table else {}  # type: ignore[assignment]
        builtins.exec(self._tables[module].get(source, source), names, result)  # noqa: S102 - as `dataclasses` does

    def _load(self, offset: int, size: int) -> object:
        found = os.pread(self._descriptor, size, self._begin + offset)
        return marshal.loads(found)  # noqa: S302 - on the sealed root, as all code is


class Packed(SourceFileLoader):
    """As the loader of any source file, for sources and resources too; only the code is from the file."""

    def __init__(self, name: str, origin: str, modules: Modules) -> None:
        super().__init__(name, origin)
        self._modules = modules

    def get_code(self, fullname: str) -> CodeType:
        """Of the module."""
        return self._modules.get_code(fullname)


def open_file(file: str = FILE) -> Modules | None:
    """What a file has; None: there is none, it is damaged, or it is of another Python."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        size = int.from_bytes(os.pread(descriptor, HEAD, 0), "little")
        version, whole, index = marshal.loads(os.pread(descriptor, size, HEAD))  # noqa: S302 - see above
        if version == sys.hexversion and HEAD + size + whole == os.fstat(descriptor).st_size:
            return Modules(descriptor, HEAD + size, index)
    except (OSError, OverflowError, ValueError, EOFError, TypeError):
        pass
    os.close(descriptor)
    return None


modules = open_file()
if modules is not None:
    sys.meta_path.insert(0, modules)
    import dataclasses

    vars(dataclasses)["exec"] = modules.run
