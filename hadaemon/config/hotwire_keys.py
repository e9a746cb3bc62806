"""The secret that the two nodes share, and the keys that follow from it.

Each direction and each purpose has its own key, so that a message is worthless where it was not meant to go:
sent back to its sender, or copied from a datagram into a connection.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from enum import StrEnum

SECRET_SIZE = 32
"""Bytes."""

_LABEL = b"hotspare hotwire 1"


class Purpose(StrEnum):
    """What a key is for."""

    HEARTBEAT = "heartbeat"
    STREAM = "stream"


class Key:
    """Signs with HMAC-SHA256. What does not depend on the message is computed once: on a processor that
    was asleep that is the greater part."""

    def __init__(self, value: bytes) -> None:
        self._mac = hmac.new(value, digestmod="sha256")

    def sign(self, data: bytes) -> bytes:
        """32 bytes."""
        mac = self._mac.copy()
        mac.update(data)
        return mac.digest()


@dataclass(frozen=True, slots=True)
class Secret:
    """32 random bytes, shown nowhere."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != SECRET_SIZE:
            raise ValueError(f"a hotwire secret has {SECRET_SIZE} bytes")

    def key(self, purpose: Purpose, sender: str) -> Key:
        """The key of what the node `sender` sends: HKDF-Expand (RFC 5869 §2.3) to one block.

        The secret is uniformly random already, so that nothing has to be extracted.
        """
        information = b"\0".join((_LABEL, purpose.encode(), sender.encode()))
        return Key(hmac.digest(self.value, information + b"\x01", "sha256"))

    def text(self) -> str:
        """As in the file: base64. Secret."""
        return base64.b64encode(self.value).decode("ascii")


def parse_secret(text: str) -> Secret:
    """The secret from its text. Raises ValueError with what to do, and never repeats the text."""
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != SECRET_SIZE:
        raise ValueError(
            f"is not the base64 text of {SECRET_SIZE} random bytes: make one with `openssl rand -base64 32`, "
            "the same for both nodes"
        )
    return Secret(value)
