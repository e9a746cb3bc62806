"""The update bundle on the flashed disk itself: what the node can give its peer, and compare newer ones with.

It cannot be a part of the image: its signature is another one each time, and two builds give the same image.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from firmware.flash.end import Addition

PARTITION = "bundle"
"""Its PARTLABEL; the node looks for it, and for the member of the archive."""
MEMBER = "bundle.raucb"
_CHUNK = 1 << 20


def make_addition(bundle: Path) -> Addition:
    """The bundle in a tar archive, which says itself how long it is. Raises OSError."""
    with bundle.open("rb"):
        size = bundle.stat().st_size
    member = tarfile.TarInfo(MEMBER)
    member.size = size
    header = member.tobuf(tarfile.USTAR_FORMAT)
    padding = bytes(-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)

    def chunks() -> Iterator[bytes]:
        yield header
        with bundle.open("rb") as file:
            yield from iter(lambda: file.read(_CHUNK), b"")
        yield padding

    return Addition(PARTITION, len(header) + size + len(padding), chunks)
