"""What certificates and revocation lists say of themselves, and how they stand in PEM files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.keys.openssl import OpensslError, openssl

_BLOCK = re.compile(
    r"-----BEGIN (?P<kind>CERTIFICATE|X509 CRL)-----\n.*?\n-----END (?P=kind)-----\n?", re.DOTALL
)
_NAMES = ("-nameopt", "RFC2253,utf8,-esc_msb")
_EXTENSIONS = ("Basic Constraints", "Key Usage", "Extended Key Usage")
_CODE_SIGNING, _NEVER = "Code Signing", {"TLS Web Server Authentication", "Any Extended Key Usage"}


@dataclass(frozen=True)
class Certificate:
    """One certificate, as openssl reads it; `uses` and `purposes` are None where it does not limit them."""

    pem: str
    subject: str
    issuer: str
    is_ca: bool
    uses: frozenset[str] | None
    purposes: frozenset[str] | None
    uses_are_critical: bool

    @property
    def is_self_issued(self) -> bool:
        return self.subject == self.issuer

    @property
    def is_unlimited(self) -> bool:
        """It may sign bundles, but does not say so, as one that `openssl req -x509` makes by itself."""
        uses = self.uses or {"Digital Signature"}
        return self.purposes is None and "Digital Signature" in uses and "Certificate Sign" not in uses

    @property
    def why_not_to_sign(self) -> str:
        """What OpenSSL's purpose `codesign` has against its signing bundles; empty if nothing."""
        if self.purposes is None or _CODE_SIGNING not in self.purposes:
            return "its extended key usage does not have codeSigning"
        if self.purposes & _NEVER:
            return "it may be a server's as well"
        if self.uses is None or "Digital Signature" not in self.uses or not self.uses_are_critical:
            return "its key usage is not a critical digitalSignature"
        if self.uses & {"Certificate Sign", "CRL Sign"}:
            return "it may sign certificates as well"
        return ""


def pem_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Kind (`CERTIFICATE`, `X509 CRL`) and text of each block, in their order; all else is passed over."""
    for found in _BLOCK.finditer(text.replace("\r\n", "\n")):
        yield found["kind"], found[0].rstrip("\n") + "\n"


def read_pem(file: Path, option: str) -> str:
    """The text of a PEM file. Raises FirmwareError: it cannot be read, or has no certificate in it."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise FirmwareError(f"{file} cannot be read: {error.strerror}", where=option) from error
    if not any(pem_blocks(text)):
        raise FirmwareError(f"{file} holds no certificate", where=option, todo="name a PEM file")
    return text


def certificates(text: str, where: str) -> list[Certificate]:
    """Those of a PEM file. Raises FirmwareError."""
    return [_certificate(pem, where) for kind, pem in pem_blocks(text) if kind == "CERTIFICATE"]


def list_issuers(text: str, where: str) -> list[str]:
    """Who issued each revocation list of a PEM file. Raises FirmwareError."""
    found = []
    for kind, pem in pem_blocks(text):
        if kind == "X509 CRL":
            said = _read("revocation list", where, pem, "crl", "-noout", "-issuer", *_NAMES)
            found.append(said.strip().removeprefix("issuer=").strip())
    return found


def _certificate(pem: str, where: str) -> Certificate:
    wanted = "basicConstraints,keyUsage,extendedKeyUsage"
    command = ("x509", "-noout", "-subject", "-issuer", "-ext", wanted, *_NAMES)
    said = _read("certificate", where, pem, *command)
    values = dict(re.findall(r"(?m)^(subject|issuer)= *(.*)$", said))
    extensions = {
        name: (critical != "", frozenset(word.strip() for word in words.split(",")))
        for name, critical, words in re.findall(r"(?m)^X509v3 ([\w ]+): ?(critical)?\n +(.*)$", said)
    }
    constraints, uses, purposes = (extensions.get(name) for name in _EXTENSIONS)
    return Certificate(
        pem,
        values["subject"],
        values["issuer"],
        is_ca=constraints is not None and "CA:TRUE" in constraints[1],
        uses=uses[1] if uses else None,
        purposes=purposes[1] if purposes else None,
        uses_are_critical=uses is not None and uses[0],
    )


def _read(what: str, where: str, pem: str, *command: str) -> str:
    try:
        return openssl(*command, feed=pem.encode()).decode()
    except OpensslError as error:
        raise FirmwareError(f"a {what} in it cannot be read: {error.reason}", where=where) from error
