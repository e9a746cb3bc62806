"""Two firmware versions whose formats differ, for tests: there is only one real format so far.

Schema 2 writes the interval of advertisements in milliseconds, and a node's language; schema 1 in whole
seconds, and knows no language but English. Today's reader takes both, so that either firmware can be played.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from hadaemon.config import migrate
from hadaemon.config.migrate import Change, Lowered, Migration, Raw, Schemas


def _vrrp(raw: Raw) -> dict[str, object]:
    found = raw.get("vrrp")
    return found if isinstance(found, dict) else {}


def _milliseconds(raw: Raw) -> Raw:
    found = re.match(r"([0-9]+)s\Z", str(_vrrp(raw).get("advertisement_interval")))
    if found:
        _vrrp(raw)["advertisement_interval"] = f"{int(found[1]) * 1000}ms"
    return raw


def _seconds(raw: Raw) -> Lowered:
    vrrp = _vrrp(raw)
    found = re.match(r"([0-9]+)ms\Z", str(vrrp.get("advertisement_interval")))
    if not found:
        return Lowered(raw)
    if int(found[1]) % 1000:
        del vrrp["advertisement_interval"]
        return Lowered(raw, ("vrrp.advertisement_interval: fractions of a second",))
    vrrp["advertisement_interval"] = f"{int(found[1]) // 1000}s"
    return Lowered(raw)


def _with_language(raw: Raw) -> Raw:
    return {"language": "en", **raw}


def _without_language(raw: Raw) -> Lowered:
    language = raw.pop("language", "en")
    return Lowered(raw, () if language == "en" else (f"language: {language}",))


STEP = Migration(node=Change(_with_language, _without_language), cluster=Change(_milliseconds, _seconds))
OLDER = Schemas(oldest=1)
NEWER = Schemas(oldest=1, steps=(STEP,))


@contextmanager
def firmware(known: Schemas) -> Iterator[None]:
    """What is done within is done by that firmware."""
    before = migrate.KNOWN
    migrate.KNOWN = known
    try:
        yield
    finally:
        migrate.KNOWN = before
