"""Which functions a test calls: each says so when it is called, in a copy of the code.

A tracer or profiler of Python makes the tests three to five times as slow.
"""

import ast
from pathlib import Path

CALLED: set[str] = set()
"""Names of the functions that were called since somebody emptied it."""


def name_of(file: Path, path: tuple[str, ...]) -> str:
    """What a function is called here: by its file in the package hadaemon, and its own qualified name."""
    return f"{file}:{'.'.join(path)}"


def telling(text: str, file: Path) -> str:
    """The text of a module whose functions put their names into CALLED. What is defined in a function belongs
    to it."""
    tree = ast.parse(text)
    _mark(tree.body, file, ())
    place = _after_docstring(tree.body)
    while place < len(tree.body) and _is_of_the_future(tree.body[place]):
        place += 1
    tree.body.insert(place, ast.parse(f"from {__name__} import CALLED as _CALLED").body[0])
    return ast.unparse(tree)


def _mark(body: list[ast.stmt], file: Path, path: tuple[str, ...]) -> None:
    for statement in body:
        match statement:
            case ast.ClassDef():
                _mark(statement.body, file, (*path, statement.name))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                says = f"_CALLED.add({name_of(file, (*path, statement.name))!r})"
                statement.body.insert(_after_docstring(statement.body), ast.parse(says).body[0])


def _after_docstring(body: list[ast.stmt]) -> int:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return 1
        case _:
            return 0


def _is_of_the_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
