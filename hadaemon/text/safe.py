"""Text for a terminal: what comes from a file, from another node or from a device must not steer it.

`hadaemon` and `firmware` each have this file, the same: neither imports the other. Their programs begin with
`safe_output`, so that nothing can be printed past it but by `own`, for control sequences of our own.
"""

import contextlib
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any, TextIO, cast

_PERHAPS = re.compile(r"[^\n\t\x20-\x7e]")
_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode: escapes and other control characters, what turns or hides text (bidi, zero width),
halves of characters, and separators of lines."""


def safe(text: str) -> str:
    r"""Whatever steers a terminal, or makes text look like another one, is spelled: `\u001b`, as JSON and
    TOML spell it. Tabs and ends of lines stay, as files of other systems have them too."""
    return _PERHAPS.sub(_spelled, text.replace("\r\n", "\n"))


def _spelled(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _STEERING:
        return character
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"


class SafeStream:
    """A stream that everything goes through `safe` to."""

    def __init__(self, stream: TextIO) -> None:
        self.own = stream

    def write(self, text: str) -> int:
        """As of the stream itself."""
        self.own.write(safe(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """As of the stream itself."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)


def own(stream: TextIO) -> TextIO:
    """The stream itself: for what has control sequences of ours, and in which all else is safe."""
    return stream.own if isinstance(stream, SafeStream) else stream


@contextlib.contextmanager
def safe_output() -> Iterator[None]:
    """Meanwhile whatever is printed is safe."""
    out, errors = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, SafeStream(own(each))) for each in (out, errors))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, errors
