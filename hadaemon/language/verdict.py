"""The verdict on the pair in a person's language. Pure."""

from hadaemon.language.speech import _, told
from hadaemon.status.verdict import Verdict


def verdict_line(verdict: Verdict) -> str:
    """In one line, as `str(verdict)` is in English."""
    word = _(verdict.redundancy)
    if not verdict.reasons:
        return word
    others = len(verdict.reasons) - 1
    more = f" ({_('and {count} more').format(count=others)})" if others else ""
    return f"{word}: {told(verdict.reasons[0])}{more}"
