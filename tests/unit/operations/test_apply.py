"""Changes of the configuration as an operation: what comes of each is its outcome, and nothing is printed."""

from pathlib import Path

import pytest

from hadaemon.operations.apply import (
    Manner,
    Where,
    apply_path,
    apply_text,
    confirm,
    leave_cluster,
    roll_back,
    undo_unconfirmed,
)
from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.generations import (
    difference_since,
    difference_to_path,
    list_generations,
)
from hadaemon.sync.errors import SyncError
from tests.unit.operations.test_own_configuration import CLUSTER, NODE

OTHER = CLUSTER.replace("12.1/24", "12.9/24")
SILENT = ("the daemon does not answer: the configuration takes effect when it starts",)


@pytest.fixture
def paths(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> NodePaths:
    for name in ("state", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "state/node.toml").write_text(NODE)
    return NodePaths(tmp_path / "state", tmp_path / "run", tmp_path / "no-daemon")


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd: pytest.CaptureFixture[str]):
    yield
    assert capfd.readouterr() == ("", "")


def counts(paths: NodePaths) -> str:
    return (paths.state / "cluster.toml").read_text()


def test_a_text_is_applied_once(paths: NodePaths):
    done = apply_text(paths, CLUSTER)
    assert done == Outcome("generation 1 is applied on alpha", SILENT)
    assert done.lines == (done.done, f"  note: {SILENT[0]}")
    assert counts(paths) == CLUSTER
    assert not apply_text(paths, CLUSTER).changed


def test_a_file_keeps_what_belongs_to_the_configuration_and_a_folder_replaces_it(
    paths: NodePaths, tmp_path: Path
):
    folder = tmp_path / "new"
    (folder / "cluster.d/a").mkdir(parents=True)
    (folder / "cluster.toml").write_text(CLUSTER)
    (folder / "cluster.d/a/rules.txt").write_text("x")
    apply_path(paths, folder, Manner())
    file = tmp_path / "other.toml"
    file.write_text(OTHER)
    assert difference_to_path(paths, file)
    apply_path(paths, file, Manner())
    assert (paths.state / "cluster.d/a/rules.txt").read_text() == "x"
    assert difference_since(paths, 1) == difference_since(paths, None)
    apply_text(paths, CLUSTER)
    (folder / "cluster.d/a/rules.txt").unlink()
    assert difference_to_path(paths, folder)


def test_an_older_generation_counts_again(paths: NodePaths):
    apply_text(paths, CLUSTER)
    apply_text(paths, OTHER)
    outcome, again = roll_back(paths, None, Where.AS_CONFIGURED)
    assert (outcome.done, again) == ("generation 3 is applied on alpha", 1)
    assert counts(paths) == CLUSTER
    with pytest.raises(SyncError, match="there is no generation 17: kept are 3, 2, 1"):
        roll_back(paths, 17, Where.AS_CONFIGURED)


def test_what_waits_is_confirmed_or_undone(paths: NodePaths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    started: list[str] = []
    monkeypatch.setattr("hadaemon.io.programs.services.start_guard", lambda: started.append("guard"))
    with pytest.raises(SyncError, match="nothing waits"):
        confirm(paths, here_only=False)
    apply_text(paths, CLUSTER)
    file = tmp_path / "other.toml"
    file.write_text(OTHER)
    apply_path(paths, file, Manner(confirm=300))
    left = list_generations(paths).seconds_left
    assert left is not None
    assert 200 < left <= 300
    (said,) = undo_unconfirmed(paths, here_only=False)
    assert "what was before counts again" in said
    assert counts(paths) == CLUSTER
    apply_path(paths, file, Manner(confirm=300))
    assert confirm(paths, here_only=False) == ("alpha",)
    assert counts(paths) == OTHER
    assert started == ["guard", "guard"]


def test_a_node_that_leaves_its_cluster_has_nothing_of_it(paths: NodePaths):
    apply_text(paths, CLUSTER)
    assert leave_cluster(paths) == Outcome("alpha stands alone", SILENT)
    assert [path.name for path in paths.state.iterdir()] == ["node.toml"]


def test_what_is_refused_changes_nothing_and_lets_the_lock_go(paths: NodePaths):
    with pytest.raises(Refused) as refused:
        apply_text(paths, CLUSTER.replace('"lan"', '"lann"'))
    assert "ha_interfaces[0].port" in refused.value.problems[0]
    assert not (paths.state / "cluster.toml").exists()
    with changing(paths, "config apply") as (_, holder):
        assert holder.doing == "hactl config apply"
