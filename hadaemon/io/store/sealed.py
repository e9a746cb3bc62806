"""A text sealed with a passphrase: scrypt (RFC 7914) and ChaCha20-Poly1305 (RFC 8439).

The daemon never loads it. A file of ours is one line of JSON, which tells how it was sealed and cannot be
changed unnoticed, and then base64.
"""

import base64
import hashlib
import json
import secrets
import textwrap

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from hadaemon.io.errors import EdgeError
from hadaemon.text.reading import read_json

VERSION = 1
MIN_PASSPHRASE = 10
_COST, _BLOCK, _PARALLEL = 1 << 16, 8, 1
"""64 MiB and some tenths of a second for each guess."""
_MAX_COST = 1 << 18
_MEMORY = 512 << 20
_KEY = 32


class SealError(EdgeError):
    """Not sealed by us, damaged, or the passphrase is another."""


def seal(text: str, passphrase: str, about: dict[str, str]) -> str:
    """The file's content. `about` can be read without the passphrase."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    header = json.dumps(
        {
            "hotspare-sealed": VERSION,
            **about,
            "scrypt": [_COST, _BLOCK, _PARALLEL],
            "salt": base64.b64encode(salt).decode(),
            "nonce": base64.b64encode(nonce).decode(),
        }
    )
    key = _key(passphrase, salt, _COST, _BLOCK, _PARALLEL)
    sealed = ChaCha20Poly1305(key).encrypt(nonce, text.encode(), header.encode())
    lines = textwrap.wrap(base64.b64encode(sealed).decode(), 100)
    return "\n".join([header, *lines]) + "\n"


def unseal(content: str, passphrase: str, where: str) -> str:
    """What was sealed. Raises SealError."""
    header, _, rest = content.partition("\n")
    try:
        raw = read_json(header)
        if raw["hotspare-sealed"] != VERSION:
            raise SealError(f"{where}: sealed by another version of the firmware: use that one")
        cost, block, parallel = (int(number) for number in raw["scrypt"])
        salt, nonce = (base64.b64decode(raw[name], validate=True) for name in ("salt", "nonce"))
        sealed = base64.b64decode(rest.replace("\n", ""), validate=True)
        if not (1 < cost <= _MAX_COST and block == _BLOCK and parallel == _PARALLEL):
            raise SealError(f"{where}: asks for an unreasonable amount of memory: it is not ours")
        key = _key(passphrase, salt, cost, block, parallel)
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, header.encode()).decode()
    except InvalidTag as error:
        raise SealError(f"{where}: the passphrase is wrong, or the file is damaged") from error
    except (ValueError, TypeError, KeyError) as error:
        raise SealError(f"{where}: not a backup of a node, or damaged") from error


def _key(passphrase: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=_KEY
    )
