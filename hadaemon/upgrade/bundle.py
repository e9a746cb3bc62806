"""An update bundle: what its signed manifest says, whether it may be installed, and whether it is whole.

RAUC has checked the signature before anything of this is believed.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.version import Version

BLOCK = 4096
"""Bytes of one block of dm-verity, data and hashes alike."""
_DIGEST = 32
FORMAT = "verity"


@dataclass(frozen=True, slots=True)
class Image:
    """What goes into one slot."""

    slot_class: str
    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Verity:
    """dm-verity over the payload of the bundle."""

    root: bytes
    salt: bytes
    size: int
    """Bytes of the hash tree, which lies between the payload and the signature."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The manifest."""

    compatible: str
    version: str
    build: str
    images: tuple[Image, ...]
    verity: Verity
    digest: str
    """Of the manifest: it tells one bundle from every other."""


def parse_bundle(info: Mapping[str, Any], name: str) -> Bundle:
    """What `rauc info --output-format=json-2` says. Raises UpgradeError."""
    try:
        update, bundle = info["update"], info["bundle"]
        if bundle["format"] != FORMAT:
            raise UpgradeError(f"{name}: a bundle in the format {bundle['format']}, {FORMAT} is wanted")
        return Bundle(
            compatible=str(update["compatible"]),
            version=str(update["version"]),
            build=str(update.get("build") or ""),
            images=tuple(
                Image(str(each["slot-class"]), str(each["checksum"]), int(each["size"]))
                for each in info["images"]
            ),
            verity=Verity(
                bytes.fromhex(bundle["verity-hash"]),
                bytes.fromhex(bundle["verity-salt"]),
                int(bundle["verity-size"]),
            ),
            digest=str(info["manifest-hash"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UpgradeError(f"{name}: its manifest cannot be understood: {error}") from error


def check_fit(bundle: Bundle, name: str, compatible: str, running: str, allow_downgrade: bool) -> None:
    """Raises UpgradeError for another board, and for a version that is not newer than the running one."""
    if bundle.compatible != compatible:
        raise UpgradeError(f"{name}: is for {bundle.compatible}, and this node is a {compatible}")
    if not allow_downgrade and not Version(running) < Version(bundle.version):
        raise UpgradeError(
            f"{name}: has version {bundle.version}, which is not newer than {running}, which runs: "
            "give --allow-downgrade if that is wanted"
        )


def check_payload(
    bundle: Bundle,
    name: str,
    size: int,
    read: Callable[[int, int], bytes],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Reads the whole payload and holds it against the signed root hash. Raises UpgradeError.

    `size` is the payload's in bytes; `read` gets offset and length; `progress` hears percents.
    """
    if size <= 0 or size % BLOCK:
        raise UpgradeError(f"{name}: is damaged: its payload is not made of whole blocks")
    if root_hash(_blocks(size, read, progress), bundle.verity.salt) != bundle.verity.root:
        raise UpgradeError(f"{name}: is damaged: its content is not what was signed: fetch it anew")


def root_hash(blocks: Iterable[bytes | memoryview], salt: bytes) -> bytes:
    """dm-verity's root hash, version 1 of the format with SHA-256."""
    salted = hashlib.sha256(salt)

    def digest(block: bytes | memoryview) -> bytes:
        hashing = salted.copy()
        hashing.update(block)
        return hashing.digest()

    level = [digest(block) for block in blocks]
    while True:
        hashes = iter(level)
        level = []
        while group := tuple(islice(hashes, BLOCK // _DIGEST)):
            level.append(digest(b"".join(group).ljust(BLOCK, b"\0")))
        if len(level) == 1:
            return level[0]


def _blocks(
    size: int, read: Callable[[int, int], bytes], progress: Callable[[int], None]
) -> Iterator[memoryview]:
    step = 256 * BLOCK
    for start in range(0, size, step):
        data = memoryview(read(start, min(step, size - start)))
        progress(100 * start // size)
        for offset in range(0, len(data), BLOCK):
            yield data[offset : offset + BLOCK]
    progress(100)
