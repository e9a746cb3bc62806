"""JSON and TOML that somebody else has written: whatever is wrong with it is one kind of error.

The standard library's readers raise RecursionError for a text that is nested too deeply, which no caller
expects, and take `NaN` and `Infinity`, which are no JSON (RFC 8259 §6).
"""

import json
import tomllib
from typing import Any, NoReturn


class NestedTooDeeply(ValueError):
    """Deeper than it can be meant."""


def read_json(text: str | bytes) -> Any:
    """What it says. Raises ValueError: it is no JSON, or NestedTooDeeply."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise NestedTooDeeply("it is nested too deeply") from None


def read_toml(text: str) -> dict[str, Any]:
    """What it says. Raises ValueError, as `tomllib` does (TOMLDecodeError), or NestedTooDeeply."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise NestedTooDeeply("it is nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
