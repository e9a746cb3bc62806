"""A slot's root file system, by the argument of the kernel that opens it: data and dm-verity tree."""

import hashlib
import re
from collections.abc import Callable

from tests.power.errors import Fault

_BLOCK = 4096
_DIGEST = 64
"""Bytes of BLAKE2b-512: `HASH` of firmware/build/seal.py."""
_ARGUMENT = re.compile(r"hotspare\.verity=(\d+):(\d+):([0-9a-f]{128}):([0-9a-f]*)")


def check_root(read: Callable[[int, int], bytes], slot_cfg: str, name: str) -> None:
    """Reads all of it, data and tree. Raises Fault.

    The tree lies behind its superblock: the level next to the root first, as veritysetup writes it.
    """
    found = _ARGUMENT.search(slot_cfg)
    if found is None:
        raise Fault("names no hotspare.verity", f"slot.cfg of {name}")
    blocks, root, salt = int(found[1]), bytes.fromhex(found[3]), bytes.fromhex(found[4])
    levels = [_digests(read, blocks, salt)]
    while len(levels[-1]) > _DIGEST:
        packed = _packed(levels[-1])
        levels.append(_digests(_from(packed), len(packed) // _BLOCK, salt))
    if levels[-1] != root:
        raise Fault("does not hold what its root hash was made of", name)
    tree = b"".join(_packed(level) for level in reversed(levels[:-1]))
    if read((blocks + 1) * _BLOCK, len(tree)) != tree:
        raise Fault("has a hash tree that does not belong to its data", name)


def _digests(read: Callable[[int, int], bytes], blocks: int, salt: bytes) -> bytes:
    salted = hashlib.blake2b(salt)
    found = bytearray()
    step = 256
    for first in range(0, blocks, step):
        data = memoryview(read(first * _BLOCK, min(step, blocks - first) * _BLOCK))
        for at in range(0, len(data), _BLOCK):
            hashing = salted.copy()
            hashing.update(data[at : at + _BLOCK])
            found += hashing.digest()
    return bytes(found)


def _from(data: bytes) -> Callable[[int, int], bytes]:
    return lambda at, size: data[at : at + size]


def _packed(level: bytes) -> bytes:
    return level.ljust(-(-len(level) // _BLOCK) * _BLOCK, b"\0")
