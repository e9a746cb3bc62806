"""Any value of a type that messages have a place for, and whether a JSON Schema takes some JSON."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from itertools import chain
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from hadaemon.control.codec import fields_of
from hadaemon.problems import Problem, Severity, kinds

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    bool: st.booleans(),
    int: st.integers(-(1 << 62), 1 << 62),
    float: st.floats(-1e9, 1e9, allow_nan=False),
    NoneType: st.none(),
}


def any_problem() -> st.SearchStrategy[Problem]:
    def made(kind: kinds.Kind, resource: str, text: str, severity: Severity) -> Problem:
        return Problem(kind, resource, text, None if severity is kind.severity else severity)

    return st.builds(made, st.sampled_from(kinds.KINDS), st.text(), st.text(), st.sampled_from(Severity))


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of that type."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Problem:
        return any_problem()
    if is_dataclass(kind):
        made: Any = kind
        return st.deferred(
            lambda: st.builds(made, **{each.name: any_of(each.kind) for each in fields_of(kind)})
        )
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(any_of(parts[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, parts))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(any_of(parts[0]), any_of(parts[1]), max_size=2)
    return st.one_of(*map(any_of, parts))


TYPES = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict, "null": NoneType}


def complaints(schema: dict[str, Any], raw: Any, root: dict[str, Any], where: str = "") -> list[str]:
    """Where JSON is not as its schema says, as far as ours go. A field that it does not name is wrong."""
    if "$ref" in schema:
        return complaints(root["$defs"][schema["$ref"].rpartition("/")[2]], raw, root, where)
    if "anyOf" in schema:
        found = [complaints(each, raw, root, where) for each in schema["anyOf"]]
        return [] if [] in found else list(chain(*found))
    if "enum" in schema:
        return [] if raw in schema["enum"] else [f"{where}: {raw!r}"]
    if "const" in schema:
        return [] if raw is schema["const"] else [f"{where}: {raw!r}"]
    if schema["type"] == "number":
        return [] if isinstance(raw, int | float) and not isinstance(raw, bool) else [f"{where}: {raw!r}"]
    if not isinstance(raw, TYPES[schema["type"]]) or (schema["type"] == "integer" and isinstance(raw, bool)):
        return [f"{where}: {raw!r} is no {schema['type']}"]
    if isinstance(raw, list):
        rules = schema.get("prefixItems") or [schema["items"]] * len(raw)
        wrong = [] if len(rules) == len(raw) else [f"{where}: {len(raw)} items"]
        pairs = zip(rules, raw, strict=False)
        return [*wrong, *chain(*(complaints(rule, each, root, where + "[]") for rule, each in pairs))]
    return complaints_of_object(schema, raw, root, where) if isinstance(raw, dict) else []


def complaints_of_object(
    schema: dict[str, Any], raw: dict[str, Any], root: dict[str, Any], where: str
) -> list[str]:
    found = [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in raw]
    for name, each in raw.items():
        rule = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        found += (
            [f"{where}.{name}: not named"]
            if rule is None
            else complaints(rule, each, root, f"{where}.{name}")
        )
        if "propertyNames" in schema:
            found += complaints(schema["propertyNames"], name, root, f"{where}.{name}")
    return found
