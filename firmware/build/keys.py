"""Keys that sign update bundles. Development keys make themselves; a release names its own.

Nothing here runs in the namespaces of a build: a build asks this process for a signature and never has a key.
"""

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from firmware.build.options import BuildOptions
from firmware.build.trust import Trust, trust_of
from firmware.errors import FirmwareError
from firmware.keys.certificates import Certificate, certificates, read_pem
from firmware.keys.openssl import URI, Key, OpensslError, is_sealed, openssl
from firmware.keys.passphrase import passphrase

DEVELOPMENT_NAME = "Hotspare development (not for release)"
VALID_DAYS = 7300
_PROBE = b"whether this key signs what the nodes take\n"
_FAULTS = {
    "certificate has expired": ("the certificate has expired", "renew it: `python3 invoke.py keys`"),
    "certificate is not yet valid": ("the certificate is not valid yet", "check this machine's clock"),
    "certificate revoked": ("the certificate is revoked by the keyring's list", "sign with another key"),
    "get certificate CRL": ("the keyring lacks a revocation list that it needs", "add the one of each CA"),
    "CRL has expired": ("a revocation list of the keyring has expired", "make it anew"),
    "CRL is not yet valid": ("a revocation list of the keyring is not valid yet", "make it begin earlier"),
    "purpose": ("the certificate is for another purpose", "sign with one for codeSigning"),
    "CA certificate": ("a certificate on the way to the keyring may not issue others", "use another one"),
    "self-signed certificate": ("the certificate is not in the keyring", "add it to --keyring"),
    "self signed certificate": ("the certificate is not in the keyring", "add it to --keyring"),
    "issuer certificate": (
        "the certificate leads to none of the keyring",
        "add its CA to --keyring, and what is between the two behind it in the file of --cert",
    ),
}
"""What OpenSSL says of a signature that does not verify, the first match counts; its meaning; what to do."""


@dataclass(frozen=True)
class SigningKeys:
    """One signer. `chain` is what goes into a bundle beside its certificate, in PEM."""

    key: Key
    cert: Certificate
    chain: str
    trust: Trust

    def sign(self, manifest: bytes) -> bytes:
        """The signature that a bundle ends with: CMS, with the manifest in it. Raises FirmwareError."""
        with tempfile.TemporaryDirectory(prefix="hotspare-cert-") as folder:
            cert, chain = Path(folder) / "cert.pem", Path(folder) / "chain.pem"
            cert.write_text(self.cert.pem)
            chain.write_text(self.chain)
            try:
                return openssl(
                    *("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-md", "sha256"),
                    *("-signer", cert, *(("-certfile", chain) if self.chain else ())),
                    *self.key.words("-inkey"),
                    feed=manifest,
                    secret=self.key.passphrase,
                )
            except OpensslError as error:
                raise FirmwareError(
                    f"cannot sign: {error.reason}",
                    where=f"--key {self.key.place}",
                    todo="name the key that the certificate was made for, with its passphrase or PIN",
                ) from error

    def try_out(self) -> None:
        """Sign something and verify it as a node would. Raises FirmwareError: a build would be in vain."""
        signature = self.sign(_PROBE)
        trust = self.trust
        with tempfile.TemporaryDirectory(prefix="hotspare-cert-") as folder:
            keyring = Path(folder) / "keyring.pem"
            keyring.write_text(trust.keyring)
            try:
                openssl(
                    *("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", keyring),
                    *("-no-CApath", "-no-CAstore", "-purpose", "any"),
                    *(("-crl_check_all",) if trust.checks_lists else ()),
                    *(("-partial_chain",) if trust.allows_partial_chains else ()),
                    feed=signature,
                )
            except OpensslError as error:
                raise _told(error.said) from error


def _told(said: str) -> FirmwareError:
    what, todo = next(
        (told for words, told in _FAULTS.items() if words in said), (f"openssl says {said.strip()!r}", "")
    )
    return FirmwareError(f"no node would take the bundle: {what}", where="--cert, --keyring", todo=todo)


def check_release_keys(options: BuildOptions) -> None:
    """Raise when key and certificate are not both named for a release, or not both left out otherwise."""
    if options.release and not (options.key and options.cert):
        raise FirmwareError(
            "a release must name its key and its certificate",
            where="--key, --cert",
            todo="give both as PEM files, or leave --release out to sign with the development key",
        )
    if bool(options.key) != bool(options.cert):
        raise FirmwareError(
            "key and certificate belong together", where="--key, --cert", todo="give both or none"
        )
    for option, given in (("--keyring", options.keyring), ("--passphrase", options.passphrase)):
        if given and not options.key:
            raise FirmwareError(
                f"{option} is for keys that are named", where=option, todo="give --key and --cert as well"
            )
    if options.key.startswith(URI):
        _check_token(options.key)
    key = [] if options.key.startswith(URI) or not options.key else [("--key", Path(options.key))]
    keyring = [("--keyring", Path(name)) for name in options.keyring]
    for option, path in (*key, ("--cert", options.cert), *keyring):
        if path and not path.is_file():
            raise FirmwareError(f"there is no file {path}", where=option, todo="name an existing PEM file")


def _check_token(uri: str) -> None:
    if "pin-value=" in uri:
        raise FirmwareError(
            "a PIN on the command line is seen by everybody on this machine",
            where="--key",
            todo="leave pin-value out: the PIN is asked for, or read from the file of --passphrase",
        )


def signing_keys(options: BuildOptions, cache: Path) -> SigningKeys:
    """The keys to sign with, tried out. A passphrase that they need is asked for.

    Development keys are made at the first build. Raises FirmwareError.
    """
    if not (options.key and options.cert):
        return _development_keys(cache / "keys")
    trust, cert, chain = _named(options)
    keys = SigningKeys(_opened(options), cert, chain, trust)
    keys.try_out()
    return keys


def trusted(options: BuildOptions, cache: Path) -> Trust:
    """What an image of these options trusts; no key is needed for it. Raises FirmwareError."""
    return _named(options)[0] if options.cert else _development_keys(cache / "keys").trust


def trusted_text(options: BuildOptions, cache: Path) -> str:
    """What the trust follows from, as text; empty where there is none yet. Raises OSError."""
    own = options.cert or cache / "keys/development.cert.pem"
    return "".join(path.read_text() for path in (own, *map(Path, options.keyring)) if path.exists())


def secret_places(options: BuildOptions, cache: Path) -> list[Path]:
    """Files and folders that nothing in a build may see, absolute, without links, and none in another one."""
    named = [Path(options.key)] if options.key and not options.key.startswith(URI) else []
    passphrase_file = [options.passphrase] if options.passphrase else []
    found = [path.resolve() for path in (cache / "keys", *named, *passphrase_file) if path.exists()]
    return [path for path in dict.fromkeys(found) if not set(path.parents) & set(found)]


def _named(options: BuildOptions) -> tuple[Trust, Certificate, str]:
    """The trust, the signer's certificate, and what is between it and the keyring."""
    assert options.cert
    where = f"--cert {options.cert}"
    cert, *others = certificates(read_pem(options.cert, "--cert"), where)
    ring = "".join(read_pem(Path(name), "--keyring") for name in options.keyring) or cert.pem
    places = ", ".join(f"--keyring {name}" for name in options.keyring) or where
    for found in (cert, *certificates(ring, places)):
        if options.release and DEVELOPMENT_NAME in found.subject:
            raise FirmwareError(
                "this is a development certificate",
                where=where if found is cert else places,
                todo="sign releases with a key of their own",
            )
    chain = "".join(each.pem for each in others if not each.is_self_issued)
    return trust_of(ring, cert, places), cert, chain


def _opened(options: BuildOptions) -> Key:
    key = Key(options.key)
    if key.in_token:
        return replace(key, passphrase=passphrase("the token (PIN)", options.passphrase, "--passphrase"))
    try:
        sealed = is_sealed(Path(options.key))
    except OSError as error:
        raise FirmwareError(f"{options.key} cannot be read: {error.strerror}", where="--key") from error
    if not sealed:
        return key
    return replace(key, passphrase=passphrase(options.key, options.passphrase, "--passphrase"))


def _development_keys(folder: Path) -> SigningKeys:
    key, cert = folder / "development.key.pem", folder / "development.cert.pem"
    try:
        if not (key.exists() and cert.exists()):
            _make_development_keys(folder, key, cert)
    except OSError as error:
        raise FirmwareError(
            f"the development keys cannot be reached: {error.strerror}",
            where=str(error.filename or folder),
            todo="build as the user who owns them, or use a cache of your own with HOTSPARE_CACHE",
        ) from error
    (found,) = certificates(read_pem(cert, str(cert)), str(cert))
    return SigningKeys(Key(str(key)), found, "", trust_of(found.pem, found, str(cert)))


def _make_development_keys(folder: Path, key: Path, cert: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new_key, new_cert = folder / ".key.new", folder / ".cert.new"
    os.close(os.open(new_key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        openssl(
            *("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", str(VALID_DAYS)),
            *("-subj", f"/O=Hotspare/CN={DEVELOPMENT_NAME}", "-keyout", new_key, "-out", new_cert),
        )
    except OpensslError as error:
        raise FirmwareError(f"cannot make a development key: {error.reason}", where=str(folder)) from error
    new_key.rename(key)
    new_cert.rename(cert)
