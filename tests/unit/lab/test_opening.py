"""The way to a lab that is somewhere: by its snapshot, by one that is made, or by what booted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.lab import identity, opening
from firmware.lab.command import Accelerator, Firmware
from firmware.lab.errors import DeadlineExceeded, MachineError
from firmware.lab.lab import LabOptions, NodeOptions
from firmware.lab.opening import READY, Opener, Place
from firmware.lab.preseed import Secrets
from firmware.lab.snapshot import MEMORY, Snapshot
from firmware.lab.topology import STANDARD_PAIR, Topology


class FakeLab:
    """A lab without machines."""

    def __init__(self, site: "Site", snapshot: Snapshot | None) -> None:
        self.site, self.snapshot = site, snapshot
        self.folder = site.folder / f"run-{len(site.labs)}"
        (self.folder / "alpha").mkdir(parents=True)
        self.secrets = Secrets("password", "secret")
        self.closed = False

    def wake(self) -> None:
        self.site.done.append("wake")
        if self.site.wakes_that_fail:
            self.site.wakes_that_fail -= 1
            raise MachineError("QEMU cannot read it")

    def set_clocks(self) -> None:
        self.site.done.append("set clocks")

    def save(self) -> None:
        self.site.done.append("save")
        if self.site.disk_is_full:
            raise MachineError("it could not be written: no space left")
        (self.folder / "alpha" / MEMORY).write_text("memory")

    def save_artifacts(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "serial.log").touch()

    def close(self) -> None:
        self.closed = True


class Site:
    """What happens, and what goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: list[str] = []
        self.told: list[str] = []
        self.labs: list[FakeLab] = []
        self.wakes_that_fail = 0
        self.disk_is_full = False
        image = folder / "image.raw"
        image.write_bytes(b"image")
        self.options = LabOptions(image, accelerator=Accelerator.TCG)

    def make(self, _topology: Topology, _options: LabOptions, snapshot: Snapshot | None) -> Any:
        self.labs.append(FakeLab(self, snapshot))
        return self.labs[-1]

    def open(self, place: Place) -> Any:
        return Opener(STANDARD_PAIR, self.options, self.told.append, self.make).open(place)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(opening, "SNAPSHOTS", tmp_path / "snapshots")
    monkeypatch.setattr(opening, "IMAGES", tmp_path / "images")
    monkeypatch.setattr("firmware.lab.traces.ARTIFACTS", tmp_path / "artifacts")
    monkeypatch.setattr(identity, "_qemu_version", lambda: "QEMU 7.2")
    return Site(tmp_path)


def _reach(lab: Any, _say: object) -> None:
    lab.site.done.append("boot")


def _go_on(lab: Any, _say: object) -> None:
    lab.site.done.append("go on")


THERE = Place(_reach)
FURTHER = Place(_go_on, THERE)


def test_the_first_one_boots_and_every_other_one_wakes(site: Site) -> None:
    first = site.open(THERE)
    assert site.done == ["boot", "save", "wake", "set clocks"]
    second = site.open(THERE)
    assert site.done == ["boot", "save", *["wake", "set clocks"] * 2]
    assert first.snapshot == second.snapshot
    assert [lab.closed for lab in site.labs] == [True, False, False], "the one that booted is gone"


def test_one_can_be_the_beginning_of_another_one(site: Site) -> None:
    site.open(FURTHER)
    woken = ["wake", "set clocks"]
    assert site.done == ["boot", "save", *woken, "go on", "save", *woken]
    site.open(THERE)
    site.open(FURTHER)
    assert site.done[-4:] == woken * 2


def test_one_that_is_of_no_use_is_told_and_made_anew(site: Site) -> None:
    site.open(THERE)
    site.wakes_that_fail = 1
    site.done.clear()
    lab = site.open(THERE)
    assert site.done == ["wake", "boot", "save", "wake", "set clocks"]
    assert "a snapshot is of no use and is thrown away: QEMU cannot read it" in site.told
    assert [other for other in site.labs if not other.closed][-1] is lab


def test_a_qemu_that_never_reads_what_it_wrote_is_an_error_and_no_loop(site: Site) -> None:
    site.wakes_that_fail = 99
    with pytest.raises(MachineError, match="QEMU cannot read it"):
        site.open(THERE)
    assert all(lab.closed for lab in site.labs)


def test_on_a_full_disk_the_lab_that_booted_is_the_one(site: Site) -> None:
    site.disk_is_full = True
    lab = site.open(THERE)
    assert site.done == ["boot", "save"]
    assert not lab.closed
    assert site.told[-1] == "no snapshot is made: it could not be written: no space left"


def test_without_space_none_is_begun(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.lab.snapshot.Store.make_space", lambda _: False)
    assert not site.open(THERE).closed
    assert site.done == ["boot"]
    assert "the disk of the cache is full" in site.told[-1]


def _fail(lab: Any, _say: object) -> None:
    lab.site.done.append("boot")
    raise lab.site.failure


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), DeadlineExceeded("the boot did not happen")])
def test_what_is_interrupted_or_fails_leaves_nothing_half_made(site: Site, failure: BaseException) -> None:
    site.failure = failure  # type: ignore[attr-defined]
    with pytest.raises(type(failure)):
        site.open(Place(_fail))
    assert all(lab.closed for lab in site.labs)
    assert [path.name for path in (site.folder / "snapshots").iterdir()] == ["lock"]
    assert not site.open(THERE).closed, "the next one has its turn at once"
    kept = list((site.folder / "artifacts/lab").glob("*/serial.log"))
    assert len(kept) == (0 if isinstance(failure, KeyboardInterrupt) else 1)
    assert not kept or str(kept[0].parent) in str(failure)


def name_of(site: Site, topology: Topology = STANDARD_PAIR, place: Place = THERE, **options: Any) -> str:
    changed = replace(site.options, **options)
    return identity.name_of(topology, changed, tuple(place.ways()), site.folder / "images")


CHANGES: dict[str, Callable[[Site], str]] = {
    "topology": lambda site: name_of(site, STANDARD_PAIR.only("alpha")),
    "memory": lambda site: name_of(site, memory_mib=512),
    "node": lambda site: name_of(site, special={"beta": NodeOptions(slots=True)}),
    "preseed": lambda site: name_of(site, node=NodeOptions(preseed="")),
    "firmware": lambda site: name_of(site, node=NodeOptions(Firmware.UEFI)),
    "place": lambda site: name_of(site, place=FURTHER),
    "password": lambda site: name_of(site, admin_password="mine"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_the_nodes_depend_on_is_in_the_name(site: Site, what: str) -> None:
    assert name_of(site) == name_of(site, keep=True), "what is kept afterwards is none of that"
    assert CHANGES[what](site) != name_of(site)


def test_another_qemu_or_processor_is_another_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    emulated = name_of(site)
    assert name_of(site, accelerator=Accelerator.KVM) != emulated
    monkeypatch.setattr(identity, "_qemu_version", lambda: "QEMU 10.0")
    assert name_of(site) != emulated


def test_an_image_is_known_by_its_content(site: Site) -> None:
    before = name_of(site)
    copy = site.folder / "copy.raw"
    copy.write_bytes(site.options.image.read_bytes())
    assert name_of(site, image=copy) == before
    copy.write_bytes(b"other")
    assert name_of(site, image=copy) != before
    extra = ("-drive", f"if=none,file={copy},format=raw")
    with_disk = name_of(site, extra=extra)
    copy.write_bytes(b"third")
    assert name_of(site, extra=extra) != with_disk


def test_holes_are_as_good_as_their_place(site: Site) -> None:
    one, other = site.folder / "one.raw", site.folder / "other.raw"
    for file, offset in ((one, 0), (other, 1 << 20)):
        with file.open("wb") as image:
            image.truncate(4 << 20)
            image.seek(offset)
            image.write(b"data")
    assert name_of(site, image=one) != name_of(site, image=other)


SIZE = 1


def _uses(lab: Any, _say: object) -> None:
    lab.grow(SIZE)


def test_what_a_place_is_made_with_is_in_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity.text_of(_uses)
    monkeypatch.setitem(globals(), "SIZE", 2)
    assert identity.text_of(_uses) != before


@pytest.mark.parametrize("files", [(), (("cluster.d/haproxy/web.cfg", "listen\n"),)])
def test_what_a_preseed_has_no_place_for_is_applied(
    files: tuple[tuple[str, str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[object, object]] = []
    for name in ("boot", "settle"):
        monkeypatch.setattr(opening, name, lambda *_: None)
    monkeypatch.setattr(opening, "apply_configuration", lambda *what: given.append(what))
    cluster = SimpleNamespace(text="schema = 1\n", files=files)
    nodes = {"alpha": "alpha", "beta": "beta"}
    lab: Any = SimpleNamespace(nodes=nodes, master="alpha", topology=SimpleNamespace(cluster=cluster))
    READY.reach(lab, lambda _: None)
    every = {"cluster.toml": "schema = 1\n", **dict(files)}
    assert given == ([("alpha", every), ("beta", every)] if files else [])
