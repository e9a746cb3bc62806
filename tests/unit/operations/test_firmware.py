"""One node: an update into the other slot, its trial, the way back, and everything that is refused."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hadaemon.errors import HadaemonError
from hadaemon.helper.firmware import run as helper
from hadaemon.io.firmware import bundle_file
from hadaemon.io.firmware.rauc import Rauc, bundle_fault, install_fault
from hadaemon.operations.firmware import OwnFirmware
from hadaemon.upgrade.bundle import BLOCK
from hadaemon.upgrade.slots import parse_slots
from hadaemon.upgrade.trial import Outlook
from tests.unit.upgrade.node import FirmwareNode, make_bundle


@pytest.fixture
def node(tmp_path: Path) -> FirmwareNode:
    return FirmwareNode(tmp_path)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "new.raucb")


def refused(node: FirmwareNode, source: Path | str) -> str:
    """The message; and nothing was changed."""
    before = node.rauc
    with pytest.raises(HadaemonError) as caught:
        node.install(source)
    after = node.rauc
    assert {**after, "calls": []} == {**before, "calls": []}
    assert not [call for call in after["calls"] if "mark" in call or "install" in call]
    assert node.firmware().trial() is None
    left = list(node.places.bundles.glob("*")) if node.places.bundles.exists() else []
    assert left == []
    return str(caught.value)


# what is done


def test_an_update_is_written_read_back_and_only_then_active(node: FirmwareNode, bundle: Path):
    shown = node.install(bundle)
    assert list(dict.fromkeys(doing for doing, _ in shown)) == ["copying", "installing", "verifying"]
    assert all(0 <= percent <= 100 for _, percent in shown)
    changing = [call for call in node.rauc["calls"] if call.startswith(("install", "status mark"))]
    assert [call.split()[0] for call in changing] == ["install", "status"]
    assert changing[-1] == "status mark-active other"
    assert (node.rauc["next"], node.rauc["good"]) == ("B", {"A": True, "B": True})
    begun = node.firmware().trial()
    assert begun is not None
    assert (begun.slot, begun.version, begun.before, begun.already) == ("B", "2.0", "1.0", ("hotwire",))
    assert node.firmware().outlook() is Outlook.WAITING


def test_the_bundle_stays_with_its_slot_for_the_peer(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    kept = node.firmware().kept_bundle("B")
    assert kept is not None
    assert kept.read_bytes() == bundle.read_bytes()
    assert node.firmware().kept_bundle("A") is None
    assert list(node.places.bundles.iterdir()) == [kept]


def test_a_trial_is_kept_by_the_helper(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    node.boot("B")
    assert node.firmware().outlook() is Outlook.ON_TRIAL
    ask(node, "good")
    assert node.firmware().outlook() is Outlook.NONE
    assert node.rauc["calls"][-1] == "status mark-good booted"


def test_a_trial_is_given_up_by_the_helper(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    node.boot("B")
    ask(node, "back")
    assert node.rauc["good"] == {"A": True, "B": False}
    node.boot("A")
    assert node.firmware().outlook() is Outlook.FELL_BACK
    ask(node, "over")
    assert node.firmware().outlook() is Outlook.NONE


def test_nothing_but_a_trial_can_be_given_up(node: FirmwareNode, bundle: Path):
    for prepare in (lambda: None, lambda: node.install(bundle)):
        prepare()
        with pytest.raises(HadaemonError, match="no firmware is on trial"):
            ask(node, "back")
    node.boot("B")
    node.change(good={"A": False, "B": True})
    with pytest.raises(HadaemonError, match="no good slot to go back to"):
        ask(node, "back")


def test_only_the_other_slot_counts_as_bad(node: FirmwareNode):
    """The one that runs does so until it was marked good, minutes after each start."""
    for good, told in (({"A": False, "B": True}, ""), ({"A": True, "B": False}, "B")):
        node.change(good=good)
        assert ask(node, "bad-slot") == told


def test_an_ordinary_start_has_its_slot_marked_and_ends_no_trial_that_waits(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    ask(node, "good")
    ask(node, "over")
    assert node.firmware().outlook() is Outlook.WAITING


def test_rollback_calls_an_update_off_that_waits(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    assert node.firmware().rollback() == "1.0"
    assert (node.rauc["next"], node.rauc["good"]) == ("A", {"A": True, "B": False})
    assert node.firmware().trial() is None


def test_rollback_goes_to_the_other_slot_also_from_a_trial(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    node.boot("B")
    node.firmware().rollback()
    assert (node.rauc["next"], node.firmware().trial()) == ("A", None)
    node.boot("A")
    assert node.firmware().rollback() == "2.0"
    assert node.rauc["next"] == "B"


def test_rollback_to_a_slot_that_cannot_be_started_is_refused(node: FirmwareNode):
    node.change(good={"A": True, "B": False})
    with pytest.raises(HadaemonError, match="slot B holds nothing that can be started"):
        node.firmware().rollback()


def test_the_administrator_may_keep_a_trial_but_not_one_that_does_not_run(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    with pytest.raises(HadaemonError, match="restart the node first"):
        node.firmware().mark_good()
    node.boot("B")
    node.firmware().mark_good()
    assert node.firmware().outlook() is Outlook.NONE


def test_a_second_update_replaces_one_that_waits(node: FirmwareNode, bundle: Path, tmp_path: Path):
    node.install(bundle)
    node.install(make_bundle(tmp_path / "newer.raucb", version="2.1"))
    begun = node.firmware().trial()
    assert begun is not None
    assert begun.version == "2.1"
    assert [call for call in node.rauc["calls"] if "mark" in call] == [
        *("status mark-active other", "status mark-active booted", "status mark-active other")
    ]


def test_a_downgrade_is_done_when_it_is_wanted(node: FirmwareNode, tmp_path: Path):
    node.install(make_bundle(tmp_path / "old.raucb", version="0.9"), allow_downgrade=True)
    assert node.rauc["next"] == "B"


def test_a_kept_bundle_can_be_installed_again(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    kept = node.firmware().kept_bundle("B")
    assert kept is not None
    node.install(kept)
    assert kept.read_bytes() == bundle.read_bytes()
    assert list(node.places.bundles.iterdir()) == [kept]


def test_a_streamed_update_leaves_no_bundle_of_what_the_slot_held_before(node: FirmwareNode, bundle: Path):
    """The peer would be given it, once the slot runs."""
    node.install(bundle)
    make_bundle(node.folder / "newer.raucb", version="2.1")
    node.install("http://192.0.2.1/newer.raucb")
    assert node.rauc["versions"]["B"] == "2.1"
    assert node.firmware().kept_bundle("B") is None


def test_where_there_is_no_room_for_both_the_kept_bundle_goes_first(
    node: FirmwareNode, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    node.install(bundle)
    kept = node.firmware().kept_bundle("B")
    assert kept is not None
    monkeypatch.setattr(bundle_file, "_free", lambda _: 0 if kept.exists() else 1 << 40)
    node.install(make_bundle(tmp_path / "newer.raucb", version="2.1"))
    assert node.rauc["versions"]["B"] == "2.1"


def test_the_kept_bundle_is_on_the_disk_before_it_has_its_name_and_both_before_the_slot_is_active(
    node: FirmwareNode, bundle: Path, monkeypatch: pytest.MonkeyPatch
):
    events: list[str] = []
    fsync, replace, mark = os.fsync, Path.replace, Rauc.mark_active

    def synced(descriptor: int) -> None:
        events.append(f"synced {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def named(path: Path, target: Path) -> Path:
        events.append(f"named {target.name}")
        return replace(path, target)

    def active(rauc: Rauc, which: str) -> None:
        events.append(f"active {which}")
        mark(rauc, which)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", named)
    monkeypatch.setattr(Rauc, "mark_active", active)
    node.install(bundle)
    order = ["synced slot-B.new", "named slot-B.raucb", f"synced {node.places.bundles.name}", "active other"]
    assert [event for event in events if event in order] == order


def test_a_source_that_goes_away_after_it_was_copied_is_no_fault(
    node: FirmwareNode, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    node.install(bundle)
    newer = make_bundle(tmp_path / "newer.raucb", version="2.1")
    copy = OwnFirmware._copy

    def copied(*arguments: Any) -> Path:
        staged = copy(*arguments)
        newer.unlink()
        return staged

    monkeypatch.setattr(OwnFirmware, "_copy", copied)
    node.install(newer)
    assert node.rauc["versions"]["B"] == "2.1"


# what is refused


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5 * BLOCK + 7] ^= 1
    path.write_bytes(data)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 30 * BLOCK])


@pytest.mark.parametrize(
    "harm,message",
    [
        (damaged, "is damaged: its content is not what was signed"),
        (truncated, "it is truncated, or no update bundle"),
        (lambda path: make_bundle(path, signer="them"), "it is not signed by a key that this node trusts"),
        (
            lambda path: make_bundle(path, compatible="hotspare-apu2"),
            "is for hotspare-apu2, and this node is",
        ),
        (
            lambda path: make_bundle(path, version="1.0"),
            "version 1.0, which is not newer than 1.0, which runs",
        ),
        (
            lambda path: make_bundle(path, version="dev"),
            "version dev, which is not newer than 1.0, which runs",
        ),
        (lambda path: path.unlink(), "there is no such file"),
    ],
)
def test_a_bad_bundle_is_refused_with_one_message(
    node: FirmwareNode, bundle: Path, harm: Callable[[Path], None], message: str
):
    harm(bundle)
    said = refused(node, bundle)
    assert message in said
    assert str(bundle) in said
    assert "\n" not in said


def test_a_refused_bundle_leaves_the_one_of_the_other_slot(node: FirmwareNode, bundle: Path, tmp_path: Path):
    node.install(bundle)
    damaged(newer := make_bundle(tmp_path / "newer.raucb", version="2.1"))
    with pytest.raises(HadaemonError, match="is damaged"):
        node.install(newer)
    kept = node.firmware().kept_bundle("B")
    assert kept is not None
    assert kept.read_bytes() == bundle.read_bytes()
    assert list(node.places.bundles.iterdir()) == [kept]


def test_a_full_disk_is_refused_before_anything_is_written(
    node: FirmwareNode, bundle: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bundle_file, "_SPARE", 1 << 60)
    assert "the disk is full: the update needs" in refused(node, bundle)


def test_a_disk_that_gets_full_leaves_no_half_copy(
    node: FirmwareNode, bundle: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert "the disk is full; nothing was changed" in refused(node, bundle)


def test_one_installation_at_a_time(node: FirmwareNode, bundle: Path):
    descriptor = os.open(node.places.run / "firmware.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert "another installation is under way" in refused(node, bundle)
    finally:
        os.close(descriptor)


def test_nothing_is_installed_over_the_way_back_of_a_trial(node: FirmwareNode, bundle: Path, tmp_path: Path):
    node.install(bundle)
    node.boot("B")
    with pytest.raises(HadaemonError, match=r"firmware 2\.0 is on trial: wait"):
        node.install(make_bundle(tmp_path / "newer.raucb", version="3.0"))


def test_a_machine_without_slots_says_so():
    with pytest.raises(HadaemonError, match="was not started from a slot"):
        parse_slots({"slots": []}, None)


def test_no_rauc_is_one_message(node: FirmwareNode):
    with pytest.raises(HadaemonError, match="there is no such program"):
        Rauc(("/nonexistent",)).status()


@pytest.mark.parametrize(
    "said",
    [
        "GDBus.Error:org.freedesktop.DBus.Error.AccessDenied: no",
        "(rauc:637): rauc-WARNING **: 11:01:43.218: Rejected send message, 3 matched rules",
    ],
)
def test_who_may_not_speak_to_rauc_hears_that(tmp_path: Path, said: str):
    denied = tmp_path / "rauc"
    denied.write_text(f"#!/bin/sh\necho '{said}' >&2; exit 1\n")
    denied.chmod(0o755)
    with pytest.raises(HadaemonError, match="only root may ask for the slots") as caught:
        Rauc((str(denied),)).status()
    assert isinstance(caught.value.__cause__, PermissionError), "hactl says to be root, and ends with 4"


# what fails half-way


def test_a_failed_installation_leaves_what_runs_and_no_trial(node: FirmwareNode, bundle: Path):
    node.change(fails="Installation error: Failed updating slot rootfs.1: Input/output error")
    with pytest.raises(HadaemonError, match=r"the installation failed: .*Input/output error"):
        node.install(bundle)
    assert (node.rauc["next"], node.rauc["good"]) == ("A", {"A": True, "B": False})
    assert node.firmware().trial() is None
    assert list(node.places.bundles.iterdir()) == []


def test_a_slot_that_reads_back_otherwise_never_becomes_active(node: FirmwareNode, bundle: Path):
    node.change(rots=True)
    with pytest.raises(HadaemonError, match="does not hold what was written"):
        node.install(bundle)
    assert (node.rauc["next"], node.rauc["good"]["B"]) == ("A", False)
    assert node.firmware().trial() is None


@pytest.mark.parametrize(
    "said,meaning",
    [
        ("Verify error: certificate has expired", "had expired when it did"),
        ("error:1700006D:CMS routines:CMS_verify:content\nsignature verification failed", "was changed"),
        ("signature verification failed: Verify error: certificate revoked", "is revoked on this node"),
        (
            "signature verification failed: Verify error: unsuitable certificate purpose",
            "not one for signing",
        ),
        ("signature verification failed: Verify error: unable to get certificate CRL", "no revocation list"),
        ("Invalid bundle format: no magic", "it is no update bundle"),
        ("something new\nof rauc", "something new of rauc"),
        ("", "does not say why"),
    ],
)
def test_what_rauc_says_becomes_one_sentence(said: str, meaning: str):
    assert meaning in bundle_fault(said)


def test_an_installation_by_somebody_else_is_named():
    assert "another installation is under way" in install_fault("Already processing a different method")


def ask(node: FirmwareNode, verb: str) -> str:
    firmware = node.firmware()
    return helper(verb, node.places.state, firmware._rauc, firmware.release, f"life {node.life}")


def test_the_real_status_of_rauc_is_understood():
    """As RAUC 1.13 prints it, in its own order."""
    installed = {"bundle": {"compatible": "hotspare-test", "version": "2.0"}}
    slots = [
        real("bootfs.0", "A", "good", {"bundle": {"compatible": None}}),
        real("rootfs.1", None, None, installed, parent="bootfs.1"),
        real("rootfs.0", None, None, {"bundle": {"compatible": None}}, parent="bootfs.0"),
        real("bootfs.1", "B", "bad", installed),
    ]
    status = {"compatible": "hotspare-test", "booted": "A", "boot_primary": "bootfs.1", "slots": slots}
    found = parse_slots(status, "A")
    assert (found.running.name, found.running.good, found.running.version) == ("A", True, "")
    assert (found.other.name, found.other.good, found.other.version) == ("B", False, "2.0")
    assert [part.device for part in found.other.parts] == ["/dev/bootfs.1", "/dev/rootfs.1"]
    assert found.next == "B"


def real(
    name: str, bootname: str | None, good: str | None, status: object, parent: str | None = None
) -> dict[str, object]:
    slot = {"class": name.partition(".")[0], "device": f"/dev/{name}", "type": "raw", "bootname": bootname}
    more = {"state": "inactive", "parent": parent, "mountpoint": None, "boot_status": good}
    return {name: {**slot, **more, "slot_status": status}}
