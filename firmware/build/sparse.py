"""Sparse files: the whole content as a stream that does not read holes through the page cache.

A disk image is mostly holes. Measured, reading them costs more than all else that is done with the image.
"""

import os
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20
_ZEROS = memoryview(bytes(CHUNK))


def chunks(path: Path) -> Iterator[memoryview]:
    """The content of a file from its beginning to its end."""
    with path.open("rb") as file:
        position, size = 0, os.fstat(file.fileno()).st_size
        while position < size:
            start = _next_data(file.fileno(), position, size)
            yield from _zeros(start - position)
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE) if start < size else size
            for offset in range(start, end, CHUNK):
                yield memoryview(os.pread(file.fileno(), min(CHUNK, end - offset), offset))
            position = end


def _next_data(descriptor: int, position: int, size: int) -> int:
    try:
        return os.lseek(descriptor, position, os.SEEK_DATA)
    except OSError:  # nothing but a hole up to the end
        return size


def _zeros(count: int) -> Iterator[memoryview]:
    while count > 0:
        yield _ZEROS[: min(CHUNK, count)]
        count -= CHUNK
