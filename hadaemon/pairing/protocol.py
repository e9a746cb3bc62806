"""Pairing, its messages and secrets: SPAKE2 over the code, confirmed on both sides, then the public keys.

A listener learns nothing, and a participant has one guess in each attempt: unlike a password, the code cannot
be tried out offline. The side that typed the code confirms first, so that the side that shows it counts wrong
guesses before it has revealed anything. The heartbeat's secret is derived on both sides and never sent.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError

from hadaemon.sync.errors import SyncError
from hadaemon.sync.public_key import PublicKey, parse_public_key
from hadaemon.text.reading import read_json

VERSION = 1
DIGITS = 6
MAX_TRIES = 3
"""Wrong guesses of one code: three in a million are acceptable, more are not."""
MAX_LINE = 4096
_SHOWING, _TYPING = b"hotspare pairing shows", b"hotspare pairing types"


class Part(StrEnum):
    """Who does what."""

    SHOWS = "shows"
    TYPES = "types"


class WrongCode(SyncError):
    """The other side has used another code."""


@dataclass(frozen=True, slots=True)
class Card:
    """What each side says to the other about itself."""

    name: str
    key: PublicKey
    hotwire_name: str = ""
    """The name from which its default address follows, if that is not its own name."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What both hold in the end."""

    peer: Card
    heartbeat_secret: str
    """Base64 of 32 bytes."""


def same_name(name: str) -> SyncError:
    """Two nodes with the same name cannot be distinguished."""
    return SyncError(f"both nodes are called {name}: give one another name in its node.toml")


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def clean_code(text: str) -> str:
    """What was typed, without blanks and hyphens. Raises SyncError."""
    code = "".join(text.split()).replace("-", "")
    if len(code) != DIGITS or not code.isascii() or not code.isdecimal():
        raise SyncError(f"a code has {DIGITS} digits")
    return code


class Exchange:
    """One attempt of one side: its messages are made and taken in this order, line by line."""

    def __init__(self, part: Part, code: str, own: Card) -> None:
        self._part = part
        self._own = own
        kind = SPAKE2_A if part is Part.TYPES else SPAKE2_B
        self._spake = kind(code.encode(), idA=_TYPING, idB=_SHOWING)
        self._key = b""

    def opening(self) -> bytes:
        """The first line of each side."""
        return _line({"hotspare": VERSION, "spake2": _text(self._spake.start())})

    def take_opening(self, line: bytes) -> None:
        """From here on there is a key, which is the same only if the codes are."""
        raw = _parsed(line)
        version = raw.get("hotspare")
        if not isinstance(version, int):
            raise SyncError("the other side does not pair properly")
        if version != VERSION:
            older = "the other node" if version < VERSION else "this node"
            raise SyncError(f"the other node pairs in another version: upgrade the firmware of {older}")
        try:
            self._key = self._spake.finish(_bytes(raw, "spake2"))
        except (SPAKEError, ValueError, AssertionError) as error:
            raise SyncError("the other side does not pair properly") from error

    def card(self) -> bytes:
        """The own name and public key, signed with the common key: this is the confirmation too."""
        text = json.dumps(self._card_fields())
        return _line({"card": text, "mac": _text(self._mac(self._part, text))})

    def take_card(self, line: bytes) -> Paired:
        """Takes the other side's. Raises WrongCode."""
        raw = _parsed(line)
        if raw.get("wrong") is True:
            raise WrongCode("the code is wrong")
        text = raw.get("card")
        other = Part.TYPES if self._part is Part.SHOWS else Part.SHOWS
        if not isinstance(text, str) or not hmac.compare_digest(_bytes(raw, "mac"), self._mac(other, text)):
            raise WrongCode("the code is wrong")
        found = _parsed(text.encode())
        name, key, hotwire_name = found.get("name"), found.get("key"), found.get("hotwire_name", "")
        if not (isinstance(name, str) and isinstance(key, str) and isinstance(hotwire_name, str)):
            raise SyncError("the other side does not say who it is")
        if name == self._own.name:
            raise same_name(name)
        secret = base64.b64encode(self._derived(b"heartbeat")).decode()
        return Paired(Card(name, parse_public_key(key, "the other side"), hotwire_name), secret)

    def _card_fields(self) -> dict[str, str]:
        card = {"name": self._own.name, "key": self._own.key.line}
        # A peer that does not know this key leaves it out.
        return {**card, "hotwire_name": self._own.hotwire_name} if self._own.hotwire_name else card

    def _mac(self, part: Part, text: str) -> bytes:
        return hmac.digest(self._derived(f"card {part}".encode()), text.encode(), "sha256")

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self._key, b"hotspare pairing " + purpose, hashlib.sha256)


def wrong() -> bytes:
    """What the showing side says to a wrong guess."""
    return _line({"wrong": True})


def stored() -> bytes:
    """The typing side has stored the showing side's key."""
    return _line({"stored": True})


def is_stored(line: bytes) -> bool:
    """The other side has stored ours."""
    return _parsed(line).get("stored") is True


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        raw = read_json(line)
    except ValueError as error:
        raise SyncError("the other side does not pair properly") from error
    if not isinstance(raw, dict):
        raise SyncError("the other side does not pair properly")
    return raw


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(raw: dict[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(str(raw.get(key, "")), validate=True)
    except ValueError as error:
        raise SyncError("the other side does not pair properly") from error
