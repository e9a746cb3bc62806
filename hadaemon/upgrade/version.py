"""Versions of the firmware, and which way they may go."""

import re
from functools import total_ordering

_FORM = re.compile(r"(\d+(?:\.\d+)*)(?:[-~]([0-9A-Za-z.]+))?")


@total_ordering
class Version:
    """`1.4.2`, or `1.5.0-rc1` before it. Any other text, such as `dev`, is older than all numbers."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = _FORM.fullmatch(text)
        numbers = tuple(int(part) for part in found[1].split(".")) if found else ()
        while numbers and numbers[-1] == 0:
            numbers = numbers[:-1]
        # 1.0 is after 0.9 and after 1.0-rc1, and rc10 is after rc2.
        self._key = (found is not None, numbers, found is None or found[2] is None, _parts(found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: "Version") -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self.text


def _parts(found: re.Match[str] | None) -> tuple[tuple[int, str], ...]:
    if found is None or found[2] is None:
        return ()
    pieces = re.findall(r"\d+|[A-Za-z]+", found[2])
    return tuple((int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces)
