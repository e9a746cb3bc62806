"""A slot on trial: from its installation until the node's health decides, over any number of restarts."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from hadaemon.text.reading import read_json

FILE = "trial.json"
_SCHEMA = 1
_TEXTS = ("slot", "version", "before_slot", "before", "boot_id")


class Check(StrEnum):
    """What a firmware must show before it is kept."""

    UNITS = "units"
    CONFIGURATION = "configuration"
    RULES = "rules"
    HOTWIRE = "hotwire"
    VRRP = "vrrp"


@dataclass(frozen=True, slots=True)
class Trial:
    """What the installation wrote down."""

    slot: str
    version: str
    before_slot: str
    before: str
    """The version that ran when it was installed."""
    boot_id: str
    """Of the boot in which it was installed: another one is a later start."""
    already: tuple[str, ...] = ()
    """The checks that the firmware before failed as well: the new one is not at fault for them."""


class Outlook(StrEnum):
    """What a start of the daemon finds."""

    NONE = "none"
    WAITING = "waiting"
    """Installed, and the node has not been restarted since."""
    ON_TRIAL = "on-trial"
    FELL_BACK = "fell-back"
    """The new one did not come up, or was given up."""


def outlook(trial: Trial | None, slot: str | None, boot_id: str) -> Outlook:
    """Where a trial stands, by the slot that runs."""
    if trial is None:
        return Outlook.NONE
    if slot == trial.slot:
        return Outlook.ON_TRIAL
    return Outlook.WAITING if boot_id == trial.boot_id else Outlook.FELL_BACK


def sick(failing: Mapping[Check, str], already: Collection[str]) -> str:
    """Why the firmware is not good, in one line; empty: it is."""
    return "; ".join(_new(failing, already))


def _new(failing: Mapping[Check, str], already: Collection[str]) -> Iterator[str]:
    for check in Check:
        if check in failing and check not in already:
            yield f"{check}: {failing[check]}"


def encode(trial: Trial) -> str:
    """The file's text."""
    return json.dumps({"schema": _SCHEMA, **asdict(trial)}, indent=2) + "\n"


def decode(text: str | None) -> Trial | None:
    """None: there is none, or what is there says nothing to this version.

    A trial without a file ends with the ordinary check of health.
    """
    try:
        found: dict[str, Any] = read_json(text or "null") or {}
        slot, version, before_slot, before, boot_id = texts = tuple(found[name] for name in _TEXTS)
        already = found.get("already", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not all(isinstance(each, str) for each in (*texts, *already)):
        return None
    return Trial(slot, version, before_slot, before, boot_id, tuple(already))


def kept(trial: Trial) -> str:
    """For the history."""
    return f"firmware {trial.version} in slot {trial.slot} is good, and is kept"


def given_up(trial: Trial, why: str) -> str:
    """For the history."""
    return (
        f"firmware {trial.version} in slot {trial.slot} is not good ({why}): back to slot {trial.before_slot}"
    )


def fell_back(trial: Trial, running: str) -> str:
    """For the history."""
    return (
        f"firmware {trial.version} in slot {trial.slot} did not prove itself: {running} runs "
        f"from slot {trial.before_slot}"
    )
