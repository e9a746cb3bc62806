"""What is told of a program that came to its end."""

_MOST = 160
"""Characters of a line that are shown."""


def last_line(*written: str) -> str:
    """The last line of the first text that has any, fit to be shown."""
    for text in written:
        lines = [line for line in map(_plain, text.splitlines()) if line]
        if lines:
            return lines[-1]
    return ""


def _plain(line: str) -> str:
    shown = " ".join("".join(each if each.isprintable() else " " for each in line).split())
    return shown if len(shown) <= _MOST else shown[:_MOST] + "…"


def end_of(status: int, line: str) -> str:
    """How it ended, and its last line. `status`: negative: a signal."""
    how = f"ended with {status}" if status >= 0 else f"was killed by signal {-status}"
    return f"{how}: {line}" if line else how
