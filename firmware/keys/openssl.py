"""The host's `openssl`: it alone reads private keys. What is secret reaches it through a pipe.

Not through a file, an argument or the environment: all of these can be read by others, or outlive a kill.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from firmware.errors import FirmwareError

URI = "pkcs11:"
"""What the URI of a key in a token begins with (RFC 7512)."""
SEALED = "ENCRYPTED"
"""Stands in the first lines of a PEM file whose key has a passphrase."""
_TODO_PACKAGE = "sudo apt-get install openssl"
_REASONS = {
    "private key does not match certificate": "key and certificate do not belong together",
    "PIN incorrect": "the PIN is wrong: a token locks itself after a few such attempts",
    "Login failed": "the PIN is wrong: a token locks itself after a few such attempts",
    "maybe wrong password": "the passphrase is wrong",
    "bad decrypt": "the passphrase is wrong",
    "No matching initialized token": "there is no such token",
    "The private key was not found": "the token has no such key",
    "Could not find private key": "there is no private key in it that openssl could read",
    "Could not read private key": "there is no private key in it that openssl could read",
    "Could not read signing key": "there is no private key in it that openssl could read",
    "unable to load": "there is nothing in it that openssl could read",
}
"""What it prints, the first match counts, and what that means."""


class OpensslError(Exception):
    """It failed; `said` is what it printed."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    @property
    def reason(self) -> str:
        """In a few words."""
        for words, meaning in _REASONS.items():
            if words in self.said:
                return meaning
        return " ".join(self.said.split())[:200] or "openssl does not say why"


@dataclass(frozen=True)
class Key:
    """A private key: a PEM file, or one in a token. `passphrase` is its passphrase, or the token's PIN."""

    place: str
    passphrase: str = ""

    @property
    def in_token(self) -> bool:
        return self.place.startswith(URI)

    def words(self, option: str) -> tuple[str, ...]:
        """What names the key on a command line of openssl, as its `option` (-key, -inkey)."""
        if not self.in_token:
            return (option, self.place)
        form = "-inform" if option == "-in" else "-keyform"
        if _has_engine():
            return ("-engine", "pkcs11", form, "engine", option, self.place)
        return ("-provider", "pkcs11", "-provider", "default", option, self.place)


def is_sealed(key: Path) -> bool:
    """Whether a key file has a passphrase. Raises OSError."""
    return SEALED.encode() in key.read_bytes()


def openssl(
    *words: str | Path,
    feed: bytes = b"",
    secret: str | None = None,
    given_as: str = "-passin",
    folder: Path | None = None,
) -> bytes:
    """Run it in `folder` with `feed` as its input, and return its output.

    `secret` is a passphrase, which it takes by its option `given_as`.
    Raises OpensslError when it fails, and FirmwareError when it is not there.
    """
    command = ["openssl", *map(str, words)]
    with _pipe_with(secret) as descriptor:
        given = () if descriptor is None else (descriptor,)
        if descriptor is not None:
            command[2:2] = [given_as, f"fd:{descriptor}"]
        try:
            done = subprocess.run(
                command, input=feed, capture_output=True, check=False, pass_fds=given, cwd=folder
            )
        except FileNotFoundError:
            raise FirmwareError("the program openssl is missing", todo=_TODO_PACKAGE) from None
    if done.returncode:
        raise OpensslError(done.stderr.decode(errors="replace"))
    return done.stdout


@contextmanager
def _pipe_with(secret: str | None) -> Iterator[int | None]:
    """A descriptor to read one line from."""
    if secret is None:
        yield None
        return
    reader, writer = os.pipe()
    try:
        os.write(writer, secret.encode() + b"\n")
    finally:
        os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)


@cache
def _has_engine() -> bool:
    """Whether keys in tokens are reached by libp11's engine; else it is the provider, if any.

    The engine comes first: the provider of Debian 12 and 13 crashes at its end with some tokens.
    Raises FirmwareError when there is neither.
    """
    for arguments, answer in (
        (("engine", "pkcs11"), True),
        (("list", "-provider", "pkcs11", "-providers"), False),
    ):
        try:
            openssl(*arguments)
        except OpensslError:
            continue
        return answer
    raise FirmwareError(
        "openssl cannot reach keys in tokens on this machine",
        where="--key",
        todo="sudo apt-get install libengine-pkcs11-openssl, and the PKCS#11 module of the token",
    )
