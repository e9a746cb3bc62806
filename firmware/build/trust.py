"""What an image trusts: the keyring of its RAUC, and how that is told to use it."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Self

from firmware.errors import FirmwareError
from firmware.keys.certificates import Certificate, certificates, list_issuers

CODE_SIGNING, ANY = "codesign", "any"
"""RAUC's words for what a signer's certificate must be for; the empty word is its default, `smimesign`."""
_SECTION = re.compile(r"(?m)^\[keyring\]\n")


@dataclass(frozen=True)
class Trust:
    """`keyring` is certificates and revocation lists in PEM; the rest is RAUC's, see docs/building.md."""

    keyring: str
    purpose: str
    checks_lists: bool
    """Revocation lists: then each certificate of the keyring needs one."""
    allows_partial_chains: bool
    """Some certificate of the keyring is trusted without the one that issued it."""

    @property
    def note(self) -> str:
        """What whoever builds should know, if anything."""
        if self.purpose != ANY:
            return ""
        return (
            "note: a certificate of the keyring does not say what it is for, so nodes with this image take "
            "bundles of every certificate that the keyring leads to, whatever that is for"
        )

    def written_into(self, system_conf: str) -> str:
        """RAUC's system.conf with what belongs into its section [keyring]."""
        lines = [f"check-purpose={self.purpose}\n"] if self.purpose else []
        lines += ["check-crl=true\n"] * self.checks_lists
        lines += ["allow-partial-chain=true\n"] * self.allows_partial_chains
        return _SECTION.sub(lambda found: found[0] + "".join(lines), system_conf)

    def to_message(self) -> dict[str, Any]:
        """For the child, as what JSON can say."""
        return asdict(self)

    @classmethod
    def from_message(cls, values: dict[str, Any]) -> Self:
        return cls(**values)


def trust_of(keyring: str, signer: Certificate, where: str) -> Trust:
    """With which the bundles of `signer` verify, and those of everybody else whom the keyring leads to.

    Raises FirmwareError: the signer may not sign code, or the keyring contradicts itself.
    """
    trusted = certificates(keyring, where)
    if not trusted:
        raise FirmwareError("the keyring has no certificate in it", where=where, todo="name a PEM file")
    lists = list_issuers(keyring, where)
    _check_lists(trusted, lists, where)
    return Trust(
        keyring,
        _purpose(trusted, signer, where),
        checks_lists=bool(lists),
        allows_partial_chains=not all(each.is_self_issued for each in trusted),
    )


def _check_lists(trusted: list[Certificate], lists: list[str], where: str) -> None:
    for each in trusted:
        if lists and each.subject not in lists:
            raise FirmwareError(
                f"the keyring has a revocation list, but none of {each.subject}: "
                "nodes would refuse all that this one has signed",
                where=where,
                todo="add its list too, or leave that certificate or all lists out",
            )


def _purpose(trusted: list[Certificate], signer: Certificate, where: str) -> str:
    wrong, itself = signer.why_not_to_sign, any(each.pem == signer.pem for each in trusted)
    if wrong and itself and (len(trusted) == 1 or all(each.is_unlimited for each in trusted)):
        return ""
    if wrong and not (itself and signer.is_unlimited):
        raise FirmwareError(
            f"the certificate may not sign bundles: {wrong}",
            where=f"--cert, for {where}",
            todo="sign with one for codeSigning: `python3 invoke.py keys --ca DIR --signer NAME` makes such",
        )
    # RAUC's default takes those that say nothing, and refuses those for code signing; `codesign` the reverse.
    return ANY if any(each.is_unlimited for each in trusted) else CODE_SIGNING
