"""The secrets of [vrrp.authentication]: text to something usable. No message repeats a value."""

import re

from hadaemon.vrrp.authentication import MAX_KEY_SIZE, MIN_KEY_SIZE, PASSWORD_SIZE, Password

_HEX = "hex:"
_HEX_DIGITS = re.compile(r"[0-9A-Fa-f]*\Z")


def passphrase(text: str) -> Password:
    """The password of version 2. One that is longer than the packet allows is refused, never cut."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("a passphrase has printable ASCII characters only: choose another one")
    if not 1 <= len(text) <= PASSWORD_SIZE:
        raise ValueError(
            f"has {len(text)} characters, but an advertisement of version 2 has room for 1 to "
            f"{PASSWORD_SIZE}: take a shorter one, or version 3 with signatures"
        )
    return Password(text.encode().ljust(PASSWORD_SIZE, b"\0"))


def signing_key(text: str) -> bytes:
    """As keepalived writes keys: ASCII text, or `hex:` and hex digits."""
    if text.startswith(_HEX):
        digits = text.removeprefix(_HEX)
        if not _HEX_DIGITS.match(digits) or len(digits) % 2:
            raise ValueError("what follows hex: must be pairs of hex digits, e.g. from openssl rand -hex 32")
        key = bytes.fromhex(digits)
    elif not text.isascii() or not text.isprintable():
        raise ValueError("a key has printable ASCII characters only, or is written as hex: and hex digits")
    else:
        key = text.encode()
    if not MIN_KEY_SIZE <= len(key) <= MAX_KEY_SIZE:
        raise ValueError(
            f"has {len(key)} bytes, but a key has {MIN_KEY_SIZE} to {MAX_KEY_SIZE}: "
            "make one with: echo hex:$(openssl rand -hex 32)"
        )
    return key


def written_key(key: bytes) -> str:
    """Any key in the hex form."""
    return _HEX + key.hex()
