"""The secrets of a configuration: which values they are, and how any text looks without them."""

import json
import re
from collections.abc import Iterator, Mapping

from hadaemon.text.reading import read_toml

HIDDEN = "(secret)"
_SECRET = re.compile(
    r"pass(word|phrase)?|secret|psk|token|private|preshared|credential|hash|(^|_)(keys?|url|body)$",
    re.IGNORECASE,
)
"""Names of keys whose values are secret. Better too many than one too few."""
_ASSIGNED = re.compile(r"""^\s*([\w.-]+)\s*=\s*["'](.+?)["']""", re.MULTILINE)
_SHORT = 6
"""A secret of so few characters is hidden only where it stands alone: it may be part of any word."""
_LINE = 40
"""A line of a private key with so many characters is as secret as the key."""
_PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\$(?:y|gy|7|2[aby]|6|5|1)\$[./A-Za-z0-9$=,]{8,}"),
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(r"(?i)(?<=authorization: basic )\S+"),
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),
)
"""Private keys, crypt(5), RFC 6750 and 7617, and users of addresses, wherever they are."""


def values(text: bytes) -> dict[str, str] | None:
    """Every value of a TOML text by its path, as it is shown; None: it is not TOML."""
    parsed = _parsed(text)
    return None if parsed is None else {path: _shown(value) for path, value in flat(parsed)}


def flat(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every value of a TOML text with its path."""
    return _flat("", values)


def is_secret(path: str) -> bool:
    """Whether the value at a path is secret."""
    return any(_SECRET.search(part.partition("[")[0]) for part in path.split("."))


def public_lines(text: bytes) -> list[str] | None:
    """A TOML text as paths and values, without secrets; None: it is not TOML."""
    found = values(text)
    if found is None:
        return None
    return [f"{path} = {HIDDEN if is_secret(path) else value}" for path, value in found.items()]


def public_tree(value: object, path: str = "") -> object:
    """The values of a TOML text without secrets, as JSON can have them."""
    if isinstance(value, Mapping):
        return {
            key: public_tree(inner, f"{path}.{key}" if path else str(key)) for key, inner in value.items()
        }
    if path and is_secret(path):
        return HIDDEN
    if isinstance(value, list):
        return [public_tree(inner, f"{path}[]") for inner in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def secrets_of(text: bytes) -> frozenset[str]:
    """Every secret of a TOML text."""
    parsed = _parsed(text)
    if parsed is None:  # It is broken: hide whatever looks like a secret.
        lines = _ASSIGNED.findall(text.decode(errors="replace"))
        return frozenset(value for key, value in lines if is_secret(key))
    found: set[str] = set()
    for path, value in _flat("", parsed):
        if is_secret(path):
            found.update(str(each) for each in (value if isinstance(value, list) else [value]))
    return frozenset(found - {""})


def lines_of_key(text: str) -> frozenset[str]:
    """The lines that would give away the file of a private key or of a secret."""
    whole = text.strip()
    lines = {line.strip() for line in whole.splitlines() if len(line.strip()) >= _LINE}
    return frozenset(lines | ({whole} if whole and "\n" not in whole else set()))


def scrubber(secrets: frozenset[str]) -> "Scrubber":
    """Hides these secrets, however they are quoted, and whatever looks like a secret."""
    forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])}
    parts = []
    for form in sorted(forms, key=len, reverse=True):
        quoted = re.escape(form)
        parts.append(quoted if len(form) >= _SHORT else rf"(?<!\w){quoted}(?!\w)")
    return Scrubber(re.compile("|".join(parts)) if parts else None)


class Scrubber:
    """Hides secrets in texts."""

    def __init__(self, known: re.Pattern[str] | None) -> None:
        self._known = known

    def __call__(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(HIDDEN, text)
        return text


def printable(text: str) -> str:
    """Makes a text harmless for a terminal, which it must not control."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _parsed(text: bytes) -> dict[str, object] | None:
    try:
        return read_toml(text.decode("utf-8-sig"))
    except ValueError:
        return None


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{printable(str(key))}" if path else printable(str(key)), inner)
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for position, inner in enumerate(value):
            yield from _flat(f"{path}[{position}]", inner)
    else:
        yield path, value


def _shown(value: object) -> str:
    return printable(repr(value) if not isinstance(value, str) else f'"{value}"')
