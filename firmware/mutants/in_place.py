"""Puts a mutant's code into a module that has been imported already."""

import ast
import functools
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType

Path = tuple[str, ...]
"""Names of classes and functions, from the outside in."""


def changed_functions(before: str, after: str) -> dict[Path, CodeType] | None:
    """The code that functions of a module have after its text has become another one, as far as it differs.

    None: something differs that only an import carries out: a constant, a default value, the body of a class.
    """
    changed = dict(_changed(_compiled(before), _compiled(after), ()))
    functions = {path: code for path, code in changed.items() if code is not None}
    return functions if len(functions) == len(changed) else None


def put_in_place(module: ModuleType, changed: Mapping[Path, CodeType]) -> bool:
    """Gives the functions of `module` that code. Whoever has imported one of them has it too.

    False, and nothing is changed: one of them is hidden behind something else.
    """
    found = [(function, code) for path, code in changed.items() if (function := _function(module, path))]
    if len(found) < len(changed):
        return False
    for function, code in found:
        function.__code__ = code
    return True


def _compiled(text: str) -> CodeType:
    """Without its layout, which leaves traces in the code."""
    return compile(ast.unparse(ast.parse(text)), "", "exec")


def _changed(old: CodeType, new: CodeType, path: Path) -> Iterator[tuple[Path, CodeType | None]]:
    """The functions whose code differs, with the new one; None: what differs is in no function."""
    if _own(old) != _own(new):
        yield path, None
        return
    for before, after in zip(_inner(old), _inner(new), strict=True):
        inner = (*path, before.co_name)
        if not before.co_flags & inspect.CO_OPTIMIZED:  # The body of a class.
            yield from _changed(before, after, inner)
        elif not _is_same(before, after):
            yield inner, after


def _own(code: CodeType) -> tuple[object, ...]:
    """What it does itself: not the lines it is on, and not what is done by the code in it."""
    constants = [
        None if isinstance(constant, CodeType) else (type(constant), constant) for constant in code.co_consts
    ]
    return (code.co_name, code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _is_same(old: CodeType, new: CodeType) -> bool:
    return _own(old) == _own(new) and all(map(_is_same, _inner(old), _inner(new)))


def _function(module: ModuleType, path: Path) -> FunctionType | None:
    """The function of that name that the module has; None: it is hidden behind something else."""
    found: object = module
    for name in path:
        found = vars(found).get(name)
        if found is None:
            return None
    match found:
        case property(fget=inner) | staticmethod(__func__=inner) | classmethod(__func__=inner):
            found = inner
        case functools.cached_property(func=inner):
            found = inner
    if callable(found):
        found = inspect.unwrap(found)
    return found if isinstance(found, FunctionType) and found.__module__ == module.__name__ else None
