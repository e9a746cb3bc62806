"""Text for a terminal that knows no more than ASCII: what a serial line may end in. Pure."""

_PLAIN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "…": "...", "→": "->"}
)


def spelled(text: str) -> str:
    """With the letters that ASCII has, where others stand for them."""
    return text.translate(_PLAIN)


def plain(text: str) -> str:
    """In ASCII, without control characters."""
    ascii_ = spelled(text).encode("ascii", "replace").decode("ascii")
    return "".join(character if character.isprintable() else "?" for character in ascii_)
