"""What a build is asked for and what it hands back: values only."""

import re
from dataclasses import dataclass
from pathlib import Path

from firmware.options import Check, Options, option

DEFAULT_BOARD = "generic-x86_64"
DEVELOPMENT_VERSION = "dev"
LONGEST_VERSION = 32
"""Characters; a pair of nodes tells no more of it to each other."""
_VERSION = re.compile(rf"[A-Za-z0-9][A-Za-z0-9.+~_-]{{0,{LONGEST_VERSION - 1}}}")
"""It is in file names, in os-release and in the bundle's manifest, each with quotes of its own."""


@dataclass(frozen=True)
class BuildOptions(Options):
    """One build's inputs that are not in the checkout.

    `mirror` is the base URL of a Debian mirror; None takes the host's own apt configuration.
    `source_date_epoch` is in seconds since 1970; None takes the time of the checkout's last commit.
    `overlay` is a folder laid over the checkout's and the board's overlays, such as a site's own files.
    `fresh` ignores cached layers, so that the newest packages of the mirror come in; a release always does.
    `release` uses the strongest compression and needs `key` (a PEM file or a token's URI) and `cert`.
    `keyring` is what the image trusts (PEM files); empty takes `cert` alone.
    """

    board: str = option("which board, a folder of board/, e.g. apu2", DEFAULT_BOARD)
    mirror: str | None = option(
        "address of the Debian mirror, in place of the one that this machine's apt has", None
    )
    version: str = option(
        "version in the image and in the files' names, e.g. 1.4.2",
        DEVELOPMENT_VERSION,
        Check(
            lambda version: bool(_VERSION.fullmatch(version)),
            "{!r} cannot be a version",
            f"write up to {LONGEST_VERSION} letters, digits and . _ + ~ -, e.g. 1.4.2 or 1.5.0-rc1",
        ),
    )
    overlay: Path | None = option(
        "a folder laid over every root file system of this build, in place of or beside its files", None
    )
    fresh: bool = option(
        "take the newest packages of the mirror: use no cached layer, as a release does always", False
    )
    release: bool = option("the strongest compression, and the signing key must be named", False)
    key: str = option(
        "private key that signs the bundle: a PEM file, e.g. release.key.pem, or one in a token (pkcs11:…); "
        "needed by --release",
        "",
    )
    cert: Path | None = option(
        "certificate of that key, e.g. release.cert.pem, and behind it in the same file those between it and "
        "the keyring's; needed by --release",
        None,
    )
    keyring: tuple[str, ...] = option(
        "a file of certificates and revocation lists that the image trusts in place of the signer's alone; "
        "may be given several times",
        (),
    )
    passphrase: Path | None = option(
        "a file whose first line is the key's passphrase, or the token's PIN; without it, it is asked for",
        None,
    )
    source_date_epoch: int | None = None


@dataclass(frozen=True)
class BuildResult:
    """Where the results of one build are; every path exists when a build returns."""

    board: str
    version: str
    folder: Path
    image: Path
    bmap: Path
    bundle: Path
    manifest: Path
    raw_image: Path
    seconds: float
