"""Small bundles with the real layout and a real signature, each wrong in one way.

A bundle is its payload, the payload's hash tree, the signature with the manifest in it (CMS), and the length
of that signature in eight bytes. Here the payload is one block: everything is refused before it is written.
"""

import hashlib
import subprocess
from pathlib import Path
from typing import Protocol

BLOCK = 4096
_SALT = bytes(32)
_MANIFEST = """\
[update]
compatible={compatible}
version={version}

[bundle]
format=verity
verity-hash={root}
verity-salt={salt}
verity-size={size}

[image.rootfs]
filename=rootfs.img
sha256={digest}
size={size}
"""


class Signs(Protocol):
    """Whoever can sign."""

    def sign(self, manifest: bytes) -> bytes:
        """The manifest with its signature (CMS)."""


def forge(signer: Signs, compatible: str, version: str, payload: bytes = bytes(BLOCK)) -> bytes:
    """`payload` is what was signed; the bundle holds zeros."""
    leaf = hashlib.sha256(_SALT + payload).digest().ljust(BLOCK, b"\0")
    root = hashlib.sha256(_SALT + leaf).hexdigest()
    digest = hashlib.sha256(payload).hexdigest()
    manifest = _MANIFEST.format(
        compatible=compatible, version=version, root=root, salt=_SALT.hex(), size=BLOCK, digest=digest
    )
    signature = signer.sign(manifest.encode())
    return bytes(2 * BLOCK) + signature + len(signature).to_bytes(8, "big")


class Signer:
    """A key and its certificate."""

    def __init__(self, key: Path, cert: Path) -> None:
        self.key = key
        self.cert = cert

    def sign(self, manifest: bytes) -> bytes:
        """The manifest with its signature (CMS)."""
        signing = ("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-md", "sha256")
        return _openssl(*signing, "-signer", self.cert, "-inkey", self.key, feed=manifest)

    @classmethod
    def stranger(cls, folder: Path) -> "Signer":
        """Nobody trusts it."""
        made = cls(folder / "stranger.key", folder / "stranger.cert")
        _openssl(*_new_key("req", "-x509"), "-keyout", made.key, "-out", made.cert)
        return made

    def issue_expired(self, folder: Path) -> "Signer":
        """A certificate in our name, whose time was over yesterday."""
        made, request = Signer(folder / "expired.key", folder / "expired.cert"), folder / "expired.csr"
        _openssl(*_new_key("req", "-new"), "-keyout", made.key, "-out", request)
        signing = ("-CA", self.cert, "-CAkey", self.key, "-set_serial", "7")
        _openssl("x509", "-req", "-in", request, *signing, "-days", "-1", "-out", made.cert)
        return made


def _new_key(*command: str) -> tuple[str, ...]:
    return (*command, "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Somebody")


def _openssl(*arguments: str | Path, feed: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], input=feed, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
