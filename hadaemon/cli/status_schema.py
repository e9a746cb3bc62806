"""The JSON Schema of `hactl status --json`, from the dataclasses that the daemon answers with.

Their docstrings and those of their fields describe it. Run as a module it is printed; nothing else loads it.
"""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from hadaemon.control.codec import fields_of
from hadaemon.control.status import StatusAnswer
from hadaemon.problems import Problem
from hadaemon.problems.words import ProblemWords

Schema: TypeAlias = dict[str, Any]

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def status_schema() -> Schema:
    """Of the whole answer."""
    parts: dict[str, Schema] = {}
    whole = _object(StatusAnswer, parts)
    ok = {"const": True, "description": "The request was carried out."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hactl status --json",
        "description": "Everything that a node tells of itself. Later versions may add fields.",
        "type": "object",
        "required": ["ok", *whole["required"]],
        "properties": {"ok": ok, **whole["properties"]},
        "$defs": dict(sorted(parts.items())),
    }


def _of(kind: Any, parts: dict[str, Schema]) -> Schema:
    """Of a value. Dataclasses are added to `parts`, and referred to."""
    if kind is Problem:
        return _of(ProblemWords, parts)
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if is_dataclass(kind):
        other: Any = kind
        if other.__name__ not in parts:
            parts[other.__name__] = {}
            parts[other.__name__] = _object(other, parts)
        return {"$ref": f"#/$defs/{other.__name__}"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [word.value for word in kind]}
    return _generic(get_origin(kind), get_args(kind), parts)


def _generic(origin: Any, inner: tuple[Any, ...], parts: dict[str, Schema]) -> Schema:
    if origin is Union or origin is UnionType:
        return {"anyOf": [_of(each, parts) for each in inner]}
    if origin is Literal:
        return {"enum": [str(each) for each in inner]}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": _of(inner[0], parts)}
    if origin is tuple:
        cells = [_of(each, parts) for each in inner]
        return {"type": "array", "prefixItems": cells, "minItems": len(cells), "maxItems": len(cells)}
    assert issubclass(origin, Mapping)
    key, value = inner
    names = {} if key is str else {"propertyNames": _of(key, parts)}
    return {"type": "object", **names, "additionalProperties": _of(value, parts)}


def _object(kind: Any, parts: dict[str, Schema]) -> Schema:
    properties = dict(_properties(kind, parts))
    found = {"type": "object", "required": list(properties), "properties": properties}
    docstring = inspect.getdoc(kind)
    return {"description": _line(docstring), **found} if docstring else found


def _properties(kind: Any, parts: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Of the fields, those of flat ones in their place."""
    meanings = dict(_meanings(kind))
    for each in fields_of(kind):
        if each.flat:
            yield from _properties(each.kind, parts)
            continue
        about = {"description": meanings[each.name]} if each.name in meanings else {}
        yield each.name, about | _of(each.kind, parts)


def _meanings(kind: Any) -> Iterator[tuple[str, str]]:
    """The docstring below a field, which Python itself does not keep."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    for one, following in zip(tree.body, tree.body[1:], strict=False):
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
            continue
        match following:
            case ast.Expr(ast.Constant(str(text))):
                yield one.target.id, _line(text)


def _line(text: str) -> str:
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))


if __name__ == "__main__":
    print(json.dumps(status_schema(), indent=2))
