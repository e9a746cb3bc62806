"""The store of snapshots: complete or not there, private, checked, and not growing."""

import errno
import os
import shutil
import threading
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest

from firmware.lab import snapshot
from firmware.lab.errors import MachineError
from firmware.lab.preseed import Secrets
from firmware.lab.snapshot import KEPT, LISTING, MEMORY, Store

SECRETS = Secrets("swordfish", "hotwire secret")
SECONDS = 60.0
FILES = ("alpha/disk.qcow2", f"alpha/{MEMORY}", LISTING, "image.raw")
DAMAGES = [(name, damage) for name in FILES for damage in ("gone", "cut")] + [
    (name, "changed") for name in ("alpha/disk.qcow2", LISTING)
]
"""The memory has a checksum that is looked at while it is read."""


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[str]) -> Store:
    return Store(tmp_path / "snapshots", told.append)


def lab_folder(tmp_path: Path) -> Path:
    """What a lab leaves when its nodes are saved."""
    folder = tmp_path / "run"
    (folder / "alpha").mkdir(parents=True)
    (folder / "image.raw").write_bytes(b"image")
    (folder / "lan.pcap").write_bytes(b"frames")
    for name in ("disk.qcow2", MEMORY, "serial.log", "qemu.log"):
        (folder / "alpha" / name).write_text(name)
    return folder


def test_what_is_kept_is_found_and_lent(store: Store, told: list[str], tmp_path: Path) -> None:
    assert store.find("name") is None
    store.keep("name", lab_folder(tmp_path), SECRETS)
    found = store.find("name")
    assert found is not None
    assert found.secrets == SECRETS
    found.lend(tmp_path / "then")
    store.drop("name")
    assert store.find("name") is None
    assert (tmp_path / "then/alpha" / MEMORY).read_text() == MEMORY, "it outlives the snapshot"
    names = {str(path.relative_to(tmp_path / "then")) for path in (tmp_path / "then").rglob("*.*")}
    assert names == {
        "image.raw",
        LISTING,
        *(f"alpha/{name}" for name in ("disk.qcow2", MEMORY, "serial.log")),
    }
    assert told == []


def test_secrets_are_the_users_own(store: Store, tmp_path: Path) -> None:
    kept = store.keep("name", lab_folder(tmp_path), SECRETS)
    assert (kept.folder / LISTING).stat().st_mode & 0o777 == 0o600
    assert kept.folder.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name, damage", DAMAGES)
def test_a_damaged_one_is_told_and_thrown_away(
    store: Store, told: list[str], tmp_path: Path, name: str, damage: str
) -> None:
    file = store.keep("name", lab_folder(tmp_path), SECRETS).folder / name
    content = file.read_bytes()
    file.unlink()
    if damage == "cut":
        file.write_bytes(content[:-1])
    if damage == "changed":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert store.find("name") is None
    assert told == ["a snapshot in the cache is damaged; it is thrown away"]
    assert not file.parent.exists()


def test_what_is_left_of_another_one_is_replaced(store: Store, tmp_path: Path) -> None:
    store.keep("name", lab_folder(tmp_path), SECRETS)
    store.keep("name", lab_folder(tmp_path), Secrets("new", "new"))
    found = store.find("name")
    assert found is not None
    assert found.secrets.admin_password == "new"


def test_a_full_disk_is_told_and_nothing_is_found(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("json.dump", full)
    with pytest.raises(MachineError, match="the snapshot cannot be kept: No space left on device"):
        store.keep("name", lab_folder(tmp_path), SECRETS)
    assert store.find("name") is None


def test_one_that_is_thrown_away_just_then_is_no_crash(store: Store, tmp_path: Path) -> None:
    found = store.keep("name", lab_folder(tmp_path), SECRETS)
    shutil.rmtree(found.folder)
    with pytest.raises(MachineError, match="the snapshot cannot be read"):
        found.lend(tmp_path / "then")


def test_the_cache_does_not_grow(store: Store, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        kept = store.keep(f"number-{number}", lab_folder(tmp_path), SECRETS)
        os.utime(kept.folder, (number, number))
        if number == KEPT:
            store.find("number-1")  # Used again: it is the newest now.
    left = {path.name for path in kept.folder.parent.iterdir()}
    assert left == {f"number-{number}" for number in range(1, KEPT + 2) if number != 2}


def test_old_ones_give_their_space(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        kept = store.keep(f"number-{number}", lab_folder(tmp_path), SECRETS)
        os.utime(kept.folder, (number, number))
    free = iter([0, 0, snapshot.SPACE_NEEDED])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=next(free)))
    assert store.make_space()
    assert [path.name for path in kept.folder.parent.iterdir()] == ["number-2"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert not store.make_space()


def test_two_that_make_one_take_turns(store: Store, tmp_path: Path) -> None:
    line: Queue[str] = Queue()

    def take_turn() -> None:
        with Store(tmp_path / "snapshots", line.put).making():
            line.put("its turn")

    other = threading.Thread(target=take_turn)
    with store.making():
        other.start()
        assert line.get(timeout=SECONDS) == "another process makes a snapshot; waiting for it"
        assert line.empty()
    assert line.get(timeout=SECONDS) == "its turn"
    other.join()
