"""Keys that sign update bundles. Development keys make themselves; a release names its own."""

import os
from dataclasses import dataclass
from pathlib import Path

from firmware.build.options import BuildOptions
from firmware.build.tools import Tools
from firmware.errors import FirmwareError

DEVELOPMENT_NAME = "Hotspare development (not for release)"
VALID_DAYS = 7300


@dataclass(frozen=True)
class SigningKeys:
    """PEM files; `keyring` is what an image trusts: the certificate of whoever signs its updates."""

    key: Path
    cert: Path
    keyring: Path


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
    for option, path in (("--key", options.key), ("--cert", options.cert)):
        if path and not path.is_file():
            raise FirmwareError(f"there is no file {path}", where=option, todo="name an existing PEM file")


def certificate(options: BuildOptions, cache: Path) -> Path:
    """The certificate that images trust; the development one is made at the first build."""
    return Path(options.cert) if options.cert else cache / "keys" / "development.cert.pem"


def signing_keys(options: BuildOptions, cache: Path, work: Path, tools: Tools) -> SigningKeys:
    """The keys to sign with; development ones are made at the first build."""
    folder = cache / "keys"
    if not (options.key and options.cert):
        return _development_keys(folder, tools)
    # Named keys may be anywhere on the host, where the tools do not see them.
    keys = SigningKeys(work / "key.pem", work / "cert.pem", work / "cert.pem")
    for source, copy in ((options.key, keys.key), (options.cert, keys.cert)):
        with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(Path(source).read_bytes())
    _check_certificate(options, keys, tools)
    return keys


def _check_certificate(options: BuildOptions, keys: SigningKeys, tools: Tools) -> None:
    subject = tools.run("openssl", "x509", "-in", keys.cert, "-noout", "-subject")
    if options.release and DEVELOPMENT_NAME in subject:
        raise FirmwareError(
            "this is a development certificate",
            where=f"--cert {options.cert}",
            todo="sign releases with a key of their own",
        )
    public = tools.run("openssl", "x509", "-in", keys.cert, "-noout", "-pubkey")
    if tools.run("openssl", "pkey", "-in", keys.key, "-pubout") != public:
        raise FirmwareError(
            "key and certificate do not belong together",
            where=f"--key {options.key}, --cert {options.cert}",
            todo="name the key that the certificate was made for",
        )


def _development_keys(folder: Path, tools: Tools) -> SigningKeys:
    keys = SigningKeys(
        folder / "development.key.pem", folder / "development.cert.pem", folder / "development.cert.pem"
    )
    if keys.key.exists() and keys.cert.exists():
        return keys
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new_key, new_cert = folder / ".key.new", folder / ".cert.new"
    tools.run(
        *("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", str(VALID_DAYS)),
        *("-subj", f"/O=Hotspare/CN={DEVELOPMENT_NAME}", "-keyout", new_key, "-out", new_cert),
    )
    new_key.chmod(0o600)
    new_key.rename(keys.key)
    new_cert.rename(keys.cert)
    return keys
