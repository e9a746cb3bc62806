"""A public key's fingerprint in words that can be read out over the telephone.

Proquints (Wilkerson, "A Proposal for Proquints", 2009): 16 bits are five letters, consonant and vowel in
turn. Five words are 80 bits of the key's SHA-256: nobody makes a second key with the same words.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace

from hadaemon.sync.errors import SyncError

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORDS = 5
KIND = "ssh-ed25519"
_PREFIX = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
_KEY_SIZE = 32
_COMMENT = re.compile(r"[^A-Za-z0-9@._-]+")
_NODE = "hotspare-"
"""What a comment begins with that names the key's node."""
MAX_LINE = 1000
_MAX_COMMENT = 80


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key as OpenSSH writes it."""

    blob: bytes
    comment: str = ""

    @property
    def line(self) -> str:
        """For a .pub file and for authorized_keys."""
        return " ".join(part for part in (self.short, self.comment) if part)

    @property
    def short(self) -> str:
        """Kind and key, without the comment."""
        return f"{KIND} {base64.b64encode(self.blob).decode()}"

    @property
    def node(self) -> str:
        """The node whose key it is; empty: it does not say."""
        return self.comment.removeprefix(_NODE) if self.comment.startswith(_NODE) else ""

    def of_node(self, name: str) -> "PublicKey":
        """The same key, with its node's name in the comment."""
        return replace(self, comment=f"{_NODE}{name}")

    @property
    def words(self) -> str:
        """What two people compare."""
        found = hashlib.sha256(self.blob).digest()
        return " ".join(_proquint(found[2 * n] << 8 | found[2 * n + 1]) for n in range(_WORDS))


def parse_public_key(text: str, where: str) -> PublicKey:
    """One line of a .pub file. Raises SyncError."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or len(lines[0]) > MAX_LINE:
        raise SyncError(f"{where}: one public key on one line is wanted, as `hactl key show` prints it")
    kind, _, rest = lines[0].strip().partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    if kind != KIND:
        raise SyncError(f"{where}: not an Ed25519 public key: it begins with {kind[:20]!r}, not {KIND}")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise SyncError(f"{where}: not a whole public key: copy the line again") from error
    if not blob.startswith(_PREFIX) or len(blob) != len(_PREFIX) + _KEY_SIZE:
        raise SyncError(f"{where}: not a whole Ed25519 public key: copy the line again")
    return PublicKey(blob, _COMMENT.sub("-", comment.strip())[:_MAX_COMMENT])


def _proquint(number: int) -> str:
    """Five letters: consonants have four bits, vowels two."""
    return "".join(
        letters[number >> shift & len(letters) - 1]
        for letters, shift in (
            (_CONSONANTS, 12),
            (_VOWELS, 10),
            (_CONSONANTS, 6),
            (_VOWELS, 4),
            (_CONSONANTS, 0),
        )
    )
