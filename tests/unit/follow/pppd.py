"""How pppd reads its options files, after pppd(8), "OPTIONS FILES", and `getword` of its options.c.

Words are separated by white space; `#` begins a comment; what stands within quotation marks of either kind is
of one word; a backslash takes what is special from the next character, or makes one of it as in C.
"""

from collections.abc import Iterator

_MADE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t"}
_OCTAL, _HEX = "01234567", "0123456789abcdefABCDEF"


def words(text: str) -> Iterator[str]:
    """All words of a file."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            found, at = _word(text, at)
            yield found


def options(text: str, *names: str) -> dict[str, str]:
    """The words after these ones, which come in this order."""
    left, found = list(words(text)), {}
    for name in names:
        at = left.index(name)
        found[name] = left[at + 1]
        left = left[at + 2 :]
    return found


def _word(text: str, at: int) -> tuple[str, int]:
    found, quote = "", ""
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            made, at = _escaped(text, at + 1)
            found += made
            continue
        if quote:
            if letter == quote:
                quote = ""
            else:
                found += letter
        elif letter in "'\"":
            quote = letter
        elif letter.isspace() or letter == "#":
            break
        else:
            found += letter
        at += 1
    return found, at


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What the characters behind a backslash stand for, and where it goes on."""
    letter = text[at]
    if letter == "\n":
        return "", at + 1
    if letter in _OCTAL:
        return _number(text, at, _OCTAL, 3)
    if letter == "x":
        return _number(text, at + 1, _HEX, 2)
    return _MADE.get(letter, letter), at + 1


def _number(text: str, at: int, digits: str, longest: int) -> tuple[str, int]:
    end = at
    while end < len(text) and end - at < longest and text[end] in digits:
        end += 1
    return chr(int(text[at:end] or "0", len(digits) if digits == _OCTAL else 16) & 0xFF), end
