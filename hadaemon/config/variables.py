"""Variables of a node: `${name}` in the strings of cluster.toml and in the files of cluster.d. Pure.

They mean something only where cluster.toml has `[nodes]`: without it a dollar sign is a dollar sign.
`$${name}` is `${name}` itself.
"""

import re
from collections.abc import Iterator, Mapping

from hadaemon.config.mistakes import did_you_mean

NODE = "node"
"""The variable that every node has: its name."""
MAX_LENGTH = 4096
"""Characters of a value, the variables in it filled in."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_REFERENCE = re.compile(r"(?P<literal>\$?)\$\{(?P<name>[^{}\n]*)(?P<end>\}?)")

Variables = Mapping[str, str]


def variable_name(text: str) -> str:
    """Raises ValueError with what to write."""
    if not _NAME.match(text) or text == NODE:
        reason = "is the node's name already" if text == NODE else "is not the name of a variable"
        raise ValueError(
            f'"{text[:40]}" {reason}: use 1 to 32 lower-case letters, digits and underscores, a letter first'
        )
    return text


def filled(text: str, variables: Variables) -> str:
    """With the values of its variables; as it is, where there are none. Raises ValueError: the first that it
    refers to and there is not."""
    for _, message in _unknown(text, variables):
        raise ValueError(message)
    return _REFERENCE.sub(lambda found: _value(found, variables), text) if variables else text


def lacks(text: str, variables: Variables) -> Iterator[str]:
    """What a file of cluster.d refers to and this node has not: the line, and why."""
    for line, message in _unknown(text, variables):
        yield f"line {line}: as node {variables[NODE]} has it: {message}"


def _unknown(text: str, variables: Variables) -> Iterator[tuple[int, str]]:
    for found in _REFERENCE.finditer(text) if variables else ():
        if found["literal"]:
            continue
        line, name = text.count("\n", 0, found.start()) + 1, found["name"]
        if not found["end"]:
            yield line, f"${{{name[:40]} has no }}: close it, or write $${{ for the characters themselves"
        elif name not in variables:
            hint = did_you_mean(name, variables, "there are")
            yield line, f'there is no variable "{name[:40]}": {hint}'


def _value(found: re.Match[str], variables: Variables) -> str:
    return found[0][1:] if found["literal"] else variables[found["name"]]


def resolved(given: Variables) -> tuple[dict[str, str], dict[str, str]]:
    """The variables, those in their own values filled in; and of those that cannot be: why."""
    good: dict[str, str] = {}
    wrong: dict[str, str] = {}

    def value(name: str, way: tuple[str, ...]) -> str:
        if name in good:
            return good[name]
        if name in way:
            raise ValueError(f"refers to itself: {' -> '.join((*way[way.index(name) :], name))}")
        known = dict.fromkeys(given, "")
        for _, message in _unknown(given[name], known):
            raise ValueError(message)
        text = _REFERENCE.sub(
            lambda found: found[0] if found["literal"] else value(found["name"], (*way, name)), given[name]
        )
        if len(text) > MAX_LENGTH:
            raise ValueError(f"has more than {MAX_LENGTH} characters with what it refers to: shorten it")
        good[name] = text
        return text

    for name in given:
        try:
            value(name, ())
        except ValueError as error:
            wrong[name] = str(error)
    return {name: text.replace("$${", "${") for name, text in good.items()}, wrong
