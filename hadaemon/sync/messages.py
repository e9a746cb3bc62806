"""What the two ends say to each other: bounded frames, a header in JSON and a body of bytes.

A frame is the length of the header and the length of the body (four bytes each, most significant first), the
header, the body. Both ends support the newest version and the one before; keys that an end does not know are
ignored, verbs that it does not know are refused.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hadaemon.sync.errors import SyncError
from hadaemon.sync.tree import MAX_BYTES, MAX_FILES, Tree, check_bounds, check_path, make_tree
from hadaemon.text.reading import read_json

PROTOCOL = 1
OLDEST = 1
"""The versions that this end understands: with a new one, the one before it stays."""
LENGTHS = struct.Struct("!II")
_FIRST_SCHEMA = 1
"""The versions of a peer that does not say: there was no other."""
MAX_HEADER = 256 << 10
MAX_BODY = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Message:
    """One frame's content."""

    header: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)

    def text(self, key: str, limit: int = 4096) -> str:
        """A string of the header; empty when it is not there."""
        value = self.header.get(key, "")
        if not isinstance(value, str) or len(value) > limit:
            raise SyncError(f"{key} is not a text of at most {limit} characters")
        return value

    def texts(self, key: str, limit: int = 1000) -> tuple[str, ...]:
        """An array of strings of the header."""
        value = self.header.get(key, [])
        if not isinstance(value, list) or len(value) > limit:
            raise SyncError(f"{key} is not an array of at most {limit} texts")
        if not all(isinstance(item, str) for item in value):
            raise SyncError(f"{key} is not an array of texts")
        return tuple(value)


def encode(message: Message) -> bytes:
    """The frame. Raises SyncError when the other end would refuse it."""
    header = json.dumps(dict(message.header), separators=(",", ":")).encode()
    _check_lengths(len(header), len(message.body))
    return LENGTHS.pack(len(header), len(message.body)) + header + message.body


def lengths(data: bytes) -> tuple[int, int]:
    """The lengths of header and body, from a frame's first bytes, before anything is allocated."""
    header, body = LENGTHS.unpack(data)
    _check_lengths(header, body)
    return int(header), int(body)


def decode(header: bytes, body: bytes) -> Message:
    """A message out of a frame."""
    try:
        parsed = read_json(header)
    except ValueError as error:
        raise SyncError("a message whose header is not JSON") from error
    if not isinstance(parsed, dict):
        raise SyncError("a message whose header is not a JSON object")
    return Message(parsed, body)


def agree(ours: tuple[int, int], theirs: object, us: str = "this node", them: str = "the peer") -> int:
    """The newest version that both understand; each is (oldest, newest). `us` and `them` are the names of the
    two in the refusal."""
    if (
        not isinstance(theirs, Sequence)
        or isinstance(theirs, str)
        or len(theirs) != 2
        or not all(isinstance(number, int) and not isinstance(number, bool) for number in theirs)
    ):
        raise SyncError(f"{them} does not say which versions of the protocol it understands")
    newest = int(min(ours[1], theirs[1]))
    if newest < max(ours[0], theirs[0]):
        older = them if theirs[1] < ours[0] else us
        raise SyncError(
            f"{us} speaks versions {ours[0]} to {ours[1]} of the protocol, {them} {theirs[0]} to "
            f"{theirs[1]}: upgrade the firmware of {older}"
        )
    return newest


def newest_schema(header: Mapping[str, Any]) -> int:
    """The newest format of cluster.toml that the other end reads, as its hello says."""
    found = header.get("schema", _FIRST_SCHEMA)
    if not isinstance(found, int) or isinstance(found, bool) or found < _FIRST_SCHEMA:
        raise SyncError("the peer does not say which format of the configuration it reads")
    return found


def tree_message(header: Mapping[str, Any], tree: Tree) -> Message:
    """A message that carries a whole configuration."""
    listing = [[path, len(content)] for path, content in tree.files]
    return Message({**header, "files": listing}, b"".join(content for _, content in tree.files))


def tree_of(message: Message, where: str) -> Tree:
    """The configuration in a message: every path and size is checked before anything is believed."""
    listing = message.header.get("files")
    if not isinstance(listing, list) or len(listing) > MAX_FILES:
        raise SyncError(f"{where}: not a list of at most {MAX_FILES} files")
    sizes: list[tuple[str, int]] = []
    for entry in listing:
        if not isinstance(entry, list) or len(entry) != 2:
            raise SyncError(f"{where}: a file without path and size")
        path, size = entry
        if not isinstance(path, str) or not isinstance(size, int) or isinstance(size, bool):
            raise SyncError(f"{where}: a file without path and size")
        check_path(path, where)
        sizes.append((path, size))
    check_bounds(sizes, where)
    if sum(size for _, size in sizes) != len(message.body):
        raise SyncError(f"{where}: the sizes of the files do not add up to what came")
    files: list[tuple[str, bytes]] = []
    start = 0
    for path, size in sizes:
        files.append((path, message.body[start : start + size]))
        start += size
    return make_tree(files, where)


def _check_lengths(header: int, body: int) -> None:
    if header > MAX_HEADER:
        raise SyncError(f"a message with a header of {header} bytes, {MAX_HEADER} are the limit")
    if body > MAX_BODY:
        raise SyncError(f"a message of {body} bytes, {MAX_BODY} are the limit")
