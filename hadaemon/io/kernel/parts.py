"""Parts of a library without the rest of it, because locked memory is dear."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def parts_of(library: str) -> Iterator[None]:
    """Within it, modules of a library can be imported without its `__init__`, which may import all of them.

    Whoever imports the library itself later gets it whole. One that is loaded already is used as it is.
    """
    spec = find_spec(library)
    if library in sys.modules or spec is None:
        yield
        return
    stand_in = ModuleType(library)
    stand_in.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[library] = stand_in
    try:
        yield
    finally:
        del sys.modules[library]


@contextmanager
def without(module: str) -> Iterator[None]:
    """Within it, whoever imports this module is told that there is none, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    missing: dict[str, None] = {module: None}
    sys.modules.update(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        del sys.modules[module]
