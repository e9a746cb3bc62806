"""Mutants made by the machine: every one that there is."""

import ast
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.mutants.mutant import CODE, PACKAGES, Mutant

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_SUMS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_INSTANT = "it decides of one instant alone, by a clock of nanoseconds"
_FACTOR = 2
_WIDTH = 70
"""Characters of a change's either side that one wants to read."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One node of the tree, and what is around it."""

    node: ast.AST
    parent: ast.AST
    scope: str

    @property
    def shown(self) -> ast.AST:
        """What is printed: a value alone says little, so what it is in, as far as that is short."""
        text = ast.unparse(self.parent) if isinstance(self.node, ast.Constant) else ""
        return self.parent if 0 < len(text) <= _WIDTH and "\n" not in text else self.node


def all_mutants() -> Iterator[Mutant]:
    """Every one there is, in the order of files and lines."""
    for package in PACKAGES:
        for path in sorted((CODE / package).glob("*.py")):
            yield from mutants_in(path.relative_to(CODE))


def mutants_in(file: Path) -> Iterator[Mutant]:
    """Of one file in the package hadaemon."""
    return mutants_of((CODE / file).read_text(encoding="utf-8"), file)


def mutants_of(text: str, file: Path) -> Iterator[Mutant]:
    """Of the text of one file."""
    alike: Counter[tuple[str, str]] = Counter()
    tree = ast.parse(text)
    for place in list(_deciding(tree)):
        for change in _changes(place.node):
            as_it_was = vars(place.node).copy()
            shown = place.shown
            before = ast.unparse(shown)
            change()
            after = ast.unparse(shown)
            if before != after:
                words = f"{_short(before)} -> {_short(after)}"
                alike[place.scope, words] += 1
                which = alike[place.scope, words]
                words += f" (number {which})" if which > 1 else ""
                line = getattr(place.node, "lineno", 0)
                moot = _INSTANT if _is_of_an_instant(place.node) else ""
                yield Mutant(file, line, words, ast.unparse(tree), place.scope, moot)
            vars(place.node).update(as_it_was)


def _is_of_an_instant(node: ast.AST) -> bool:
    """It compares a time with now, and only the very instant is decided otherwise."""
    orders = isinstance(node, ast.Compare) and type(node.ops[0]) in (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    return orders and any(isinstance(inner, ast.Name) and inner.id == "now" for inner in ast.walk(node))


def _deciding(tree: ast.AST) -> Iterator[_Place]:
    """All but the decorators of classes: whether a data class is frozen or has slots decides nothing."""
    waiting = deque([_Place(tree, tree, "")])
    while waiting:
        place = waiting.popleft()
        yield place
        node, scope = place.node, place.scope
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            scope = f"{scope}.{node.name}" if scope else node.name
        for name, value in ast.iter_fields(node):
            if not (isinstance(node, ast.ClassDef) and name == "decorator_list"):
                children = value if isinstance(value, list) else [value]
                waiting += [_Place(child, node, scope) for child in children if isinstance(child, ast.AST)]


def _changes(node: ast.AST) -> list[Callable[[], None]]:
    """What can be changed in place at one node of the tree."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            return [lambda: setattr(node, "ops", [_COMPARISONS[type(op)]()])]
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            return [lambda: setattr(node, "op", other)]
        case ast.BinOp(op=op) if type(op) in _SUMS:
            return [lambda: setattr(node, "op", _SUMS[type(op)]())]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), operand))]
        case ast.Constant(value=bool() as value):
            return [lambda: setattr(node, "value", not value)]
        case ast.Constant(value=int() | float() as number):
            return [lambda: setattr(node, "value", number * _FACTOR if number else 1)]
        case ast.Expr(value=ast.Call()):
            return [lambda: setattr(node, "value", ast.Constant(None))]
        case ast.If(test=ast.UnaryOp(op=ast.Not())) | ast.IfExp(test=ast.UnaryOp(op=ast.Not())):
            return []  # The `not` itself is changed.
        case ast.If(test=test) | ast.IfExp(test=test):
            return [lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))]
        case _:
            return []


def _short(text: str) -> str:
    """Its first line, as far as one wants to read it."""
    line = text.splitlines()[0]
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
