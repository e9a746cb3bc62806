"""`hactl config move-to-cluster`, `move-to-node` and `reset`: the node keeps its addresses."""

import json
from pathlib import Path

import pytest

from hadaemon.cli.main import main
from hadaemon.operations import moving
from hadaemon.operations.apply import Where, apply_text, leave_cluster
from hadaemon.operations.changing import NodePaths
from hadaemon.operations.moving import move_to_cluster, move_to_node
from hadaemon.state.configuration import load_configuration
from tests.unit.operations.test_own_configuration import CLUSTER, NODE

ADDRESSED = NODE.replace("[ports.lan]", "# The rack on the left.\n[ports.lan]")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodePaths:
    for name in ("state", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "state/node.toml").write_text(ADDRESSED)
    found = NodePaths(tmp_path / "state", tmp_path / "run", tmp_path / "no-daemon")
    apply_text(found, f"# in the cellar\n{CLUSTER}")
    monkeypatch.setattr("hadaemon.io.programs.services.restart_sync_server", lambda: None)
    return found


def own(paths: NodePaths) -> list[str]:
    node = load_configuration(paths.state).node
    assert node is not None
    return [str(address) for address in node.ports["lan"].addresses]


def text(paths: NodePaths, name: str) -> str:
    return (paths.state / name).read_text()


def test_there_and_back(paths: NodePaths):
    done = move_to_cluster(paths, Where.HERE)
    assert done.done.startswith("ports.lan.addresses: moved into cluster.toml; generation 2 is applied")
    assert not any("counts, and not" in note for note in done.notes)
    assert "[nodes.alpha.addresses]" in text(paths, "cluster.toml")
    assert "# in the cellar" in text(paths, "cluster.toml")
    assert "192.168.12.141" not in text(paths, "node.toml")
    assert "# The rack on the left." in text(paths, "node.toml")
    assert own(paths) == ["192.168.12.141/24"]
    assert not move_to_cluster(paths, Where.HERE).changed
    done = move_to_node(paths, Where.HERE)
    assert done.done.startswith("ports.lan.addresses: moved into node.toml; generation 3 is applied")
    assert "192.168.12.141" not in text(paths, "cluster.toml")
    assert own(paths) == ["192.168.12.141/24"]
    assert not move_to_node(paths, Where.HERE).changed


def test_what_fails_in_between_changes_no_address(paths: NodePaths, monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(moving.OwnNode, "replace", refused)
        with pytest.raises(OSError, match="full"):
            move_to_cluster(paths, Where.HERE)
    assert own(paths) == ["192.168.12.141/24"]
    assert move_to_cluster(paths, Where.HERE).changed
    assert own(paths) == ["192.168.12.141/24"]


def test_who_leaves_the_cluster_keeps_his_addresses(paths: NodePaths):
    move_to_cluster(paths, Where.HERE)
    leave_cluster(paths)
    assert load_configuration(paths.state).cluster is None
    assert own(paths) == ["192.168.12.141/24"]


def test_where_each_value_comes_from(paths: NodePaths, capsys: pytest.CaptureFixture[str]):
    move_to_cluster(paths, Where.HERE)
    assert main(["config", "show", "--effective", "--state", str(paths.state)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# this node"
    assert 'ports.lan.addresses = ["192.168.12.141/24"]  # cluster.toml: nodes.alpha.addresses.lan' in lines
    assert 'language = "en"  # default' in lines
    assert 'master = "alpha"  # cluster.toml' in lines[lines.index("# the cluster") :]
    assert main(["config", "show", "--effective", "--json", "--state", str(paths.state)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["origin"] for each in told["cluster"]} == {"cluster.toml", "default"}


def test_a_wrong_file_has_no_values(paths: NodePaths, capsys: pytest.CaptureFixture[str]):
    (paths.state / "node.toml").write_text("schema = 1\n")
    assert main(["config", "show", "--effective", "--state", str(paths.state)]) == 1
    assert "node.toml: name: is missing" in capsys.readouterr().err
