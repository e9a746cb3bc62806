"""A CA of one's own for update bundles: a folder that openssl keeps, and what nodes are given of it.

Private keys in it are sealed with a passphrase from their first byte on, and nothing overwrites one.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.keys.openssl import Key, OpensslError, openssl

_CONFIGURATION = """\
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = issued
certificate = ca.cert.pem
private_key = ca.key.pem
crlnumber = crlnumber
rand_serial = yes
default_md = sha256
unique_subject = no
policy = subject
[subject]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[list]
authorityKeyIdentifier = keyid
[req]
distinguished_name = typed
[typed]
"""
"""openssl's, which runs in the folder. OpenSSL's purpose `codesign` wants of a signer just what is here."""
_CURVE = {"ca": "P-384", "signer": "P-256"}
_ROUNDS = 600_000
"""Of PBKDF2, for each passphrase that somebody tries."""
_ROW = re.compile(r"(?P<state>[VRE])\t(?P<end>\d+)Z\t[^\t]*\t(?P<serial>\w+)\t\w+\t/CN=(?P<name>.*)")


@dataclass(frozen=True)
class Issued:
    """One certificate that the CA has issued; `end` is its last day, such as 2028-11-29."""

    name: str
    serial: str
    end: str
    is_revoked: bool


@dataclass(frozen=True)
class Authority:
    """The folder of a CA. Every method that signs takes the passphrase of the CA's key."""

    folder: Path

    @property
    def keyring(self) -> Path:
        """The certificate and the revocation list, for `image --keyring`."""
        return self.folder / "keyring.pem"

    def cert(self, name: str) -> Path:
        """The newest certificate of a signer."""
        return self.folder / f"{name}.cert.pem"

    def key(self, name: str) -> Path:
        """The key of a signer, unless it is elsewhere."""
        return self.folder / f"{name}.key.pem"

    def issued(self) -> list[Issued]:
        """All certificates, the oldest first. Raises FirmwareError: this is no CA's folder."""
        try:
            text = (self.folder / "index.txt").read_text()
        except OSError as error:
            raise FirmwareError(
                f"there is no CA in {self.folder}",
                where="--ca",
                todo=f"make one first: `python3 invoke.py keys --ca {self.folder}`",
            ) from error
        rows = (_ROW.fullmatch(line) for line in text.splitlines())
        return [
            Issued(row["name"], row["serial"], _day(row["end"]), row["state"] == "R") for row in rows if row
        ]

    def issue(self, name: str, key: Key, days: int, passphrase: str) -> None:
        """A certificate for a new signer, whose key there is already. Raises FirmwareError."""
        with self._alone(), _configuration() as file:
            asked = ("-new", "-subj", f"/CN={name}", *key.words("-key"))
            request = _run("req", "-config", file, *asked, secret=key.passphrase, where=key.place)
            (self.folder / f"{name}.csr.pem").write_bytes(request)
            self._certify(file, name, days, passphrase)

    def renew(self, name: str, days: int, passphrase: str) -> None:
        """A new certificate for the same key; the earlier one stays valid, and in `issued/`."""
        self.refuse_revoked(name)
        with self._alone(), _configuration() as file:
            self._certify(file, name, days, passphrase)

    def revoke(self, name: str, passphrase: str) -> None:
        """All certificates of a signer, by the list in the keyring. Raises FirmwareError."""
        serials = [each.serial for each in self.refuse_revoked(name)]
        with self._alone(), _configuration() as file:
            for serial in serials:
                self._ca(file, "-revoke", f"issued/{serial}.pem", passphrase=passphrase)
            self._write_list(file, passphrase)

    def refuse_known(self, name: str) -> None:
        """Raises FirmwareError: there is such a signer, or its key."""
        if any(each.name == name for each in self.issued()) or self.key(name).exists():
            raise FirmwareError(
                f"there is a signer {name} already",
                where=str(self.folder),
                todo=f"take another name for another key, or --renew {name} for a new certificate of its key",
            )

    def add_key(self, name: str, passphrase: str) -> Key:
        """A new key for a signer, in the folder. Raises FirmwareError."""
        self.refuse_known(name)
        write_new_key(self.key(name), sealed_key("signer", passphrase))
        return Key(str(self.key(name)), passphrase)

    def refuse_revoked(self, name: str) -> list[Issued]:
        """The certificates of a signer. Raises FirmwareError: there is none, or they are revoked."""
        found = [each for each in self.issued() if each.name == name]
        if not found:
            known = ", ".join(dict.fromkeys(each.name for each in self.issued())) or "none"
            raise FirmwareError(
                f"there is no signer {name}", where=str(self.folder), todo=f"it has these: {known}"
            )
        if any(each.is_revoked for each in found):
            raise FirmwareError(
                f"{name} is revoked, and its key with it",
                where=str(self.folder),
                todo="make another --signer",
            )
        return found

    def _certify(self, file: Path, name: str, days: int, passphrase: str) -> None:
        wanted = ("-notext", "-extensions", "signer", "-days", str(days), "-in", f"{name}.csr.pem")
        cert = self._ca(file, *wanted, passphrase=passphrase)
        _replace(self.cert(name), cert)

    def _write_list(self, file: Path, passphrase: str) -> None:
        """It is as long valid as the CA itself: a node gets another one by an update only."""
        dates = _run("x509", "-in", self.folder / "ca.cert.pem", "-noout", "-dates", "-dateopt", "iso_8601")
        begin, end = (re.sub(r"\D", "", line) + "Z" for line in dates.decode().splitlines())
        validity = ("-crl_lastupdate", begin, "-crl_nextupdate", end)
        crl = self._ca(file, "-gencrl", "-crlexts", "list", *validity, passphrase=passphrase)
        _replace(self.folder / "crl.pem", crl)
        _replace(self.keyring, (self.folder / "ca.cert.pem").read_bytes() + crl)

    def _ca(self, file: Path, *words: str | Path, passphrase: str) -> bytes:
        where = str(self.folder / "ca.key.pem")
        command = ("ca", "-config", file, "-batch", *words)
        return _run(*command, secret=passphrase, where=where, folder=self.folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "index.txt").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def create(folder: Path, owner: str, days: int, passphrase: str) -> Authority:
    """A new CA, whole or not at all. Raises FirmwareError."""
    if folder.exists():
        raise FirmwareError(f"{folder} is there already", where="--ca", todo="name a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as draft:
            place = Path(draft) / "ca"
            _fill(place, owner, days, passphrase)
            place.rename(folder)
    except OSError as error:
        raise FirmwareError(
            f"the CA cannot be made: {error.strerror}", where=str(error.filename or folder)
        ) from error
    return Authority(folder)


def _fill(folder: Path, owner: str, days: int, passphrase: str) -> None:
    folder.mkdir(mode=0o700)
    (folder / "issued").mkdir()
    (folder / "index.txt").touch()
    (folder / "crlnumber").write_text("01\n")
    key = folder / "ca.key.pem"
    write_new_key(key, sealed_key("ca", passphrase))
    with _configuration() as file:
        wanted = ("-extensions", "authority", "-sha384", "-days", str(days), "-subj", f"/CN={owner}", "-utf8")
        cert = _run("req", "-config", file, "-x509", "-new", "-key", key, *wanted, secret=passphrase)
        (folder / "ca.cert.pem").write_bytes(cert)
        Authority(folder)._write_list(file, passphrase)


def sealed_key(kind: str, passphrase: str) -> bytes:
    """A new private key in PEM, sealed. It was nowhere but in memory before."""
    plain = _run("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{_CURVE[kind]}")
    sealing = ("-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-iter", str(_ROUNDS))
    return _run("pkcs8", *sealing, feed=plain, secret=passphrase, given_as="-passout")


def write_new_key(place: Path, content: bytes) -> None:
    """Readable by its owner alone, and never over another file. Raises FirmwareError."""
    new = place.with_name(f".{place.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        place.hardlink_to(new)
    except FileExistsError as error:
        raise FirmwareError(f"{place} is there already", todo="take another name") from error
    except OSError as error:
        raise FirmwareError(f"{place} cannot be written: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)


def _replace(place: Path, content: bytes) -> None:
    new = place.with_name(f".{place.name}.new")
    new.write_bytes(content)
    new.rename(place)


def _day(end: str) -> str:
    """Of the time in openssl's index, whose years have two digits until 2049."""
    year, rest = (end[:4], end[4:]) if len(end) == 14 else (f"20{end[:2]}", end[2:])
    return f"{year}-{rest[:2]}-{rest[2:4]}"


@contextmanager
def _configuration() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hotspare-ca-") as folder:
        file = Path(folder) / "openssl.cnf"
        file.write_text(_CONFIGURATION)
        yield file


def _run(
    *words: str | Path,
    feed: bytes = b"",
    secret: str | None = None,
    given_as: str = "-passin",
    where: str = "",
    folder: Path | None = None,
) -> bytes:
    try:
        return openssl(*words, feed=feed, secret=secret, given_as=given_as, folder=folder)
    except OpensslError as error:
        raise FirmwareError(f"openssl refuses: {error.reason}", where=where) from error
