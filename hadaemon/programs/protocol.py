"""What the daemon and the sandbox say to each other: one request a connection, one answer, each a line of
JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

from hadaemon.text.reading import read_json

MAX_LINE = 1 << 19
"""Bytes of a request: a script of `hadaemon.programs.script.MAX_BYTES`, as JSON escapes it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run a script; good if it ends with 0."""

    name: str
    """Of its file, without folders."""
    script: str
    timeout: float
    """Seconds."""
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Look for a running program; good if there is one."""

    process: str


Request: TypeAlias = Run | Look


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it."""

    good: bool
    said: str = ""
    """Why not, with the last line of what it wrote."""


def request_line(request: Request) -> bytes:
    """As it is sent."""
    return json.dumps(asdict(request)).encode() + b"\n"


def request_of(line: bytes) -> Request:
    """What was asked. Raises ValueError."""
    try:
        found = read_json(line)
        if "process" in found:
            return Look(str(found["process"]))
        name = str(found["name"])
        if "/" in name or name.startswith("."):
            raise ValueError("the name of a script has no folders")
        environment = {str(key): str(value) for key, value in found["environment"].items()}
        arguments = tuple(map(str, found["arguments"]))
        return Run(name, str(found["script"]), float(found["timeout"]), environment, arguments)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no request: {error}") from error


def answer_line(ended: Ended) -> bytes:
    """As it is sent."""
    return json.dumps(asdict(ended)).encode() + b"\n"


def answer_of(line: bytes) -> Ended:
    """What came of it. Raises ValueError."""
    try:
        found = read_json(line)
    except ValueError as error:
        raise ValueError(f"no answer: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("no answer")
    return Ended(found.get("good") is True, str(found.get("said", "")))
