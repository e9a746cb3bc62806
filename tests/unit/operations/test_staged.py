"""The bundle of an upgrade on one node: staged, installed for the plan, and the way back; as root does it."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.errors import HadaemonError
from hadaemon.helper import firmware as helper
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.operations.firmware import OwnFirmware
from hadaemon.state.places import own_folder
from hadaemon.upgrade.offer import WORK_LOG
from hadaemon.upgrade.plan import DIGITS, Plan
from hadaemon.upgrade.trial import Outlook
from tests.unit.upgrade.node import FirmwareNode, make_bundle


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FirmwareNode:
    monkeypatch.setattr(helper, "failed_units", tuple)
    monkeypatch.setattr(helper, "start_firmware_upgrade", lambda: None)
    (tmp_path / "node").mkdir()
    made = FirmwareNode(tmp_path / "node")
    for slot in "AB":
        made.fill(slot, make_bundle(tmp_path / "1.raucb", version="1.0"))
    return made


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "2.raucb", version="2.0")


def stage(node: FirmwareNode, source: Path | str, allow_downgrade: bool = False) -> str:
    return node.firmware().stage(str(source), allow_downgrade, lambda *_: None).digest


def plan(node: FirmwareNode, digest: str, closed: bool = False) -> None:
    made = Plan(1, "alpha", "beta", "1.0", "2.0", digest=digest[:DIGITS], closed=closed)
    PlanFile(own_folder(node.places.state)).store(made)


def ask(node: FirmwareNode, verb: str) -> str:
    return helper.upgrade(verb, node.firmware())


def state(node: FirmwareNode) -> dict[str, object]:
    found: dict[str, object] = json.loads(ask(node, "state"))
    return found


def test_a_staged_bundle_touches_no_slot_and_is_installed_for_the_plan(node: FirmwareNode, bundle: Path):
    before = state(node)
    plan(node, stage(node, bundle))
    assert state(node) == before
    ask(node, "work")
    assert state(node) == {"running": "A", "running_good": True, "next": "B", "version": "2.0"}
    assert (node.firmware().outlook(), node.firmware().kept_bundle("B") is not None) == (
        Outlook.WAITING,
        True,
    )
    assert [path.name for path in node.places.bundles.iterdir()] == ["slot-B.raucb"]


def test_what_is_staged_survives_an_installation_that_fails(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle))
    node.change(rots=True)
    with pytest.raises(HadaemonError, match="the disk is failing"):
        ask(node, "work")
    assert node.firmware().staged.read_bytes() == bundle.read_bytes()
    node.change(rots=False)
    ask(node, "work")
    assert state(node)["next"] == "B"


def test_another_bundle_than_the_plans_is_not_installed(node: FirmwareNode, bundle: Path):
    stage(node, bundle)
    plan(node, "f" * 64)
    with pytest.raises(HadaemonError, match="is not the bundle of the upgrade"):
        ask(node, "work")


def test_the_way_back_of_one_that_was_kept(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle))
    ask(node, "work")
    node.boot("B")
    ask(node, "go-back")
    assert state(node)["next"] == "A"
    assert node.firmware().outlook() is Outlook.NONE
    assert node.rauc["good"] == {"A": True, "B": True}


def test_only_the_version_of_the_plan_is_gone_back_to(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle))
    node.change(versions={"B": "0.5"})
    with pytest.raises(HadaemonError, match=r"slot B does not hold 1\.0"):
        ask(node, "go-back")


def test_what_waits_is_called_off(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle))
    ask(node, "work")
    ask(node, "stay")
    assert state(node)["next"] == "A"
    assert (node.firmware().outlook(), node.rauc["good"]["B"]) == (Outlook.NONE, False)


@pytest.mark.parametrize("verb", ["start-work", "work", "go-back", "stay", "restart"])
def test_without_a_plan_root_does_nothing(node: FirmwareNode, bundle: Path, verb: str):
    stage(node, bundle)
    with pytest.raises(HadaemonError, match="no upgrade of the pair is under way"):
        ask(node, verb)
    plan(node, "", closed=True)
    if verb not in ("start-work", "work"):
        with pytest.raises(HadaemonError, match="no upgrade of the pair is under way"):
            ask(node, verb)


def test_when_it_is_over_the_bundle_goes(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle), closed=True)
    ask(node, "work")
    assert list(node.places.bundles.iterdir()) == []


def test_an_earlier_log_is_not_taken_for_the_new_one(node: FirmwareNode, bundle: Path):
    plan(node, stage(node, bundle))
    (node.places.run / WORK_LOG).write_text("from before\nend 1\n")
    ask(node, "start-work")
    assert not (node.places.run / WORK_LOG).exists()


# what is refused


def refused(node: FirmwareNode, source: Path | str) -> str:
    before = node.rauc["good"], node.rauc["next"]
    with pytest.raises(HadaemonError) as caught:
        stage(node, source)
    assert (node.rauc["good"], node.rauc["next"]) == before
    assert not node.firmware().staged.exists()
    return str(caught.value)


def test_a_node_with_a_broken_slot(node: FirmwareNode, bundle: Path):
    (node.folder / "rootfs-B").unlink()
    assert "slot B is broken: its rootfs" in refused(node, bundle)


def test_a_running_slot_that_is_not_good(node: FirmwareNode, bundle: Path):
    node.change(good={"A": False, "B": True})
    assert "slot A, which runs, is not marked good: there would be no way back" in refused(node, bundle)


def test_an_update_that_waits_for_its_restart(node: FirmwareNode, bundle: Path):
    node.install(bundle)
    assert "another update has not come to its end" in refused(node, bundle)


def test_an_installation_that_runs(node: FirmwareNode, bundle: Path):
    with node.firmware().free_for_upgrade():
        assert "another installation is under way on this node" in refused(node, bundle)


def test_bundles_that_are_no_way_forward(node: FirmwareNode, tmp_path: Path):
    assert "which is not newer than 1.0" in refused(node, make_bundle(tmp_path / "0", version="0.9"))
    assert "is for other" in refused(node, make_bundle(tmp_path / "o", compatible="other"))
    assert "not signed by a key" in refused(node, make_bundle(tmp_path / "s", signer="them"))
    assert stage(node, make_bundle(tmp_path / "0", version="0.9"), allow_downgrade=True)


# from an URL


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_bundle_of_an_url_is_kept_for_the_other_node(
    node: FirmwareNode, bundle: Path, url: str, monkeypatch: pytest.MonkeyPatch
):
    """RAUC reads the manifest over HTTP, which the fake one cannot."""
    read = OwnFirmware.bundle
    local = {f"{url}/2.raucb": str(bundle), f"{url}/none.raucb": str(bundle)}
    monkeypatch.setattr(OwnFirmware, "bundle", lambda own, source: read(own, local.get(source, source)))
    stage(node, f"{url}/2.raucb")
    assert node.firmware().staged.read_bytes() == bundle.read_bytes()
    node.firmware().unstage()
    assert "cannot be fetched" in refused(node, f"{url}/none.raucb")
