"""What goes bad slowly: the data partition, certificates, the other slot."""

from collections.abc import Iterator
from datetime import datetime

from hadaemon.problems import Problem, Severity, kinds

DISK_MINOR, DISK_MAJOR = 0.85, 0.95
"""Shares of the data partition that are in use."""
_SOON, _VERY_SOON = 30, 7
"""Days."""


def disk(place: str, used: float) -> Iterator[Problem]:
    """`used` is the share in use, from 0 to 1."""
    if used >= DISK_MINOR:
        severity = Severity.MAJOR if used >= DISK_MAJOR else Severity.MINOR
        yield Problem(kinds.DISK_FULL, place, f"{place} is {used:.0%} full", severity)


def certificate(name: str, ends: datetime, now: datetime) -> Iterator[Problem]:
    """`name` is the file's."""
    days = (ends - now).total_seconds() / 86400
    if days > _SOON:
        return
    severity = Severity.MAJOR if days <= _VERY_SOON else Severity.WARNING
    text = f"{name}: the certificate {'ends' if days > 0 else 'ended'} on {ends:%Y-%m-%d}: renew it"
    yield Problem(kinds.CERTIFICATE, name, text, severity)


def other_slot(bad: str) -> Iterator[Problem]:
    """`bad` is the name of the slot that does not run, if it cannot be started; else empty."""
    if bad:
        yield Problem(
            kinds.SLOT_BAD, bad, f"slot {bad} cannot be started: install a firmware (`hactl firmware`)"
        )
