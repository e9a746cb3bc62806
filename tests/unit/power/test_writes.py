"""The recording of a disk's writes: read as Linux' dm-log-writes describes it, and as QEMU writes it."""

import struct
import subprocess
from pathlib import Path

import pytest

from tests.power.errors import RecordingError
from tests.power.writes import MAGIC, Flag, Recording, count_entries

SECTOR = 512


def recorded(path: Path, *entries: tuple[int, int, bytes]) -> Path:
    """Each entry: first sector, flags, data. A discard's data only says how much."""
    out = struct.pack("<QQQL", MAGIC, 1, len(entries), SECTOR).ljust(SECTOR, b"\0")
    for first, flags, data in entries:
        out += struct.pack("<QQQQ", first, len(data) // SECTOR, flags, 0).ljust(SECTOR, b"\0")
        out += b"" if flags & Flag.DISCARD else data
    path.write_bytes(out)
    return path


def test_entries_and_their_data_are_read(tmp_path: Path) -> None:
    one, two = b"1" * SECTOR, b"2" * 2 * SECTOR
    entries = [(8, 0, one), (0, Flag.FLUSH, b""), (64, Flag.DISCARD, two), (3, Flag.FUA, two)]
    recording = Recording(recorded(tmp_path / "log", *entries))
    found = list(recording.entries())
    assert [(e.offset, e.size, e.flags) for e in found] == [
        *((8 * SECTOR, SECTOR, 0), (0, 0, Flag.FLUSH)),
        *((64 * SECTOR, 2 * SECTOR, Flag.DISCARD), (3 * SECTOR, 2 * SECTOR, Flag.FUA)),
    ]
    assert [recording.data(e) for e in found] == [one, b"", bytes(2 * SECTOR), two]
    recording.close()


def test_a_recording_that_lost_its_way_is_refused(tmp_path: Path) -> None:
    recording = Recording(recorded(tmp_path / "log", (8, 0, b"1" * SECTOR), (0, 0, b"")))
    with pytest.raises(RecordingError, match="makes no sense at entry 1 of 2"):
        list(recording.entries())
    recording.close()


@pytest.mark.parametrize(
    "content,message",
    [(b"", "is empty"), (b"x" * SECTOR, "no recording"), (struct.pack("<QQQL", MAGIC, 1, 1, 512), "cut off")],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(RecordingError, match=message):
        list(Recording(tmp_path / "log").entries())


def test_qemu_itself_writes_it_so(tmp_path: Path) -> None:
    disk, log = tmp_path / "disk", tmp_path / "log"
    disk.write_bytes(bytes(1 << 20))
    log.touch()
    options = f"driver=blklogwrites,file.driver=file,file.filename={disk},log.driver=file,log.filename={log}"
    orders = ("write -P 0xaa 4096 1024", "flush", "write -P 0xbb 8192 512", "discard 65536 4096", "flush")
    commands = [part for order in orders for part in ("-c", order)]
    subprocess.run(["qemu-io", "--image-opts", *commands, options], check=True, capture_output=True)
    recording = Recording(log)
    found = [(e.offset, e.flags, recording.data(e)) for e in recording.entries()]
    recording.close()
    written = [each for each in found if each[1] != Flag.FLUSH]
    assert written[:2] == [(4096, 0, b"\xaa" * 1024), (8192, 0, b"\xbb" * 512)]
    assert written[2][:2] == (65536, Flag.DISCARD)
    assert [flags for _, flags, _ in found][:3] == [0, Flag.FLUSH, 0]
    assert count_entries(log) == len(found)
