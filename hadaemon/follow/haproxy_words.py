"""What HAProxy says of a configuration, as an administrator understands it."""

import re
from collections.abc import Iterator, Mapping

from hadaemon.follow.files import HAPROXY_FOLDER, HAPROXY_OWN
from hadaemon.sync.tree import FILES

PART = f"{FILES}/{HAPROXY_FOLDER}"
"""The administrator's own."""
_ALERT = re.compile(r"\[ALERT\]\s+\(\d+\) : (?:config : )?(.*)")
_PLACE = re.compile(r"(?:parsing )?\[(?:[^]]*/)?([^]/:]+):(\d+)\] ?: ?(.*)")
_SUMMARY = ("Error(s) found in configuration file", "Fatal errors found in configuration")
_SECRET = re.compile(r"\b(?:insecure-password|password|auth|secret|key)\b(.*)")
_MOST = 10
"""Reasons that are told: the first ones are mostly why there are others."""
_LONGEST = 300
"""Characters of a reason."""


def haproxy_reasons(said: str, files: Mapping[str, str]) -> tuple[str, ...]:
    """Its errors, each with file and line where it names them; nothing of a password that stands there.
    `files`: what it was shown, by name. Empty: it has no errors."""
    found = list(dict.fromkeys(_reasons(said, files)))
    more = len(found) - _MOST
    return (*found[:_MOST], *((f"{PART}: HAProxy has {more} more errors",) if more > 0 else ()))


def _reasons(said: str, files: Mapping[str, str]) -> Iterator[str]:
    for alert in _ALERT.finditer(said):
        text = alert[1].strip()
        if text.startswith(_SUMMARY):
            continue
        place = _PLACE.match(text)
        if place is None:
            yield f"{PART}: HAProxy: {text[:_LONGEST]}"
            continue
        name, number = place[1], int(place[2])
        lines = files.get(name, "").split("\n")
        reason = _without_secrets(place[3], lines[number - 1] if 0 < number <= len(lines) else "")
        where = "follow.haproxy: what cluster.toml makes of it" if name == HAPROXY_OWN else f"{PART}/{name}"
        yield f"{where}: line {number}: HAProxy: {reason[:_LONGEST]}"


def _without_secrets(reason: str, line: str) -> str:
    """HAProxy repeats words of the line."""
    secret = _SECRET.search(line)
    for word in sorted(secret[1].split(), key=len, reverse=True) if secret else ():
        for hidden in (word, word.strip("'\"")):
            reason = reason.replace(f"'{hidden}'", "'…'")
    return reason
