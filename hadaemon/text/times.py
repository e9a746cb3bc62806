"""Moments as people read them: by the clock of the node's own zone, which is named."""

from datetime import datetime


def local_time(moment: datetime | str) -> str:
    """To the second, or to the millisecond where it has those; text is ISO 8601 with its offset."""
    told = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    here = told.astimezone()
    fraction = f".{here.microsecond // 1000:03}" if here.microsecond else ""
    return f"{here:%Y-%m-%d %H:%M:%S}{fraction} {here:%Z}"
