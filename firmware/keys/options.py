"""What `python3 invoke.py keys` takes."""

import re
from dataclasses import dataclass
from pathlib import Path

from firmware.options import Check, Options, option

CA_DAYS, SIGNER_DAYS = 7300, 730
_SIGNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
"""It is in file names, and in a subject."""
_OWNER = re.compile(r"[\w .,()&-]{1,64}")
_NAMES = Check(
    lambda name: not name or bool(_SIGNER.fullmatch(name)),
    "{!r} cannot be a signer's name",
    "write up to 48 letters, digits and . _ -, e.g. releases-2027",
)


@dataclass(frozen=True, slots=True)
class KeysOptions(Options):
    """Which CA, and what is done with it; nothing of it: it is made, or shown."""

    ca: Path = option("the folder of a CA; alone, it is made, or what it has issued is shown")
    signer: str = option("make a signer of bundles with this name: a key and its certificate", "", _NAMES)
    renew: str = option("give this signer's key a new certificate, which is valid from now on", "", _NAMES)
    revoke: str = option("put all certificates of this signer on the revocation list", "", _NAMES)
    key: str = option(
        "with --signer, a key that there is already: a PEM file, or one in a token (pkcs11:…)", ""
    )
    days: int = option(
        f"how long the certificate is valid; 0: {CA_DAYS} for a CA, {SIGNER_DAYS} for a signer",
        0,
        Check(
            lambda days: 0 <= days <= 20000, "a certificate cannot be valid for {} days", "give 1 to 20000"
        ),
    )
    owner: str = option(
        "with a new CA, the name in its certificate",
        "Hotspare releases",
        Check(
            lambda name: bool(_OWNER.fullmatch(name)),
            "{!r} cannot be a CA's name",
            "write up to 64 letters, digits, blanks and . , ( ) & -",
        ),
    )
    ca_passphrase: Path | None = option(
        "a file whose first line is the passphrase of the CA's key; without it, it is asked for", None
    )
    passphrase: Path | None = option(
        "a file whose first line is the passphrase of the signer's key, or the token's PIN; without it, it "
        "is asked for",
        None,
    )
