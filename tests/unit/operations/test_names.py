"""A master who is none of the two nodes: told as soon as the other one's name is known."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.cli.main import main
from hadaemon.config import ClusterConfig, ConfigError, load_cluster, load_node
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.names import Named, check_names
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.own_node import OwnNode
from hadaemon.sync.public_key import PublicKey
from hadaemon.sync.tree import make_tree
from tests.unit.cli import answers
from tests.unit.cli.test_hactl import serving
from tests.unit.operations.test_own_configuration import CLUSTER, NODE

TYPO = CLUSTER.replace('"alpha"', '"alhpa"')
KEY = PublicKey(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    (folder / "identity").mkdir(parents=True)
    (folder / "node.toml").write_text(NODE)
    (folder / "cluster.toml").write_text(CLUSTER)
    return folder


def pair(state: Path, name: str = "beta") -> None:
    (state / "identity" / "peer.pub").write_text(f"{KEY.of_node(name).line}\n")


def led_by(master: str) -> ClusterConfig:
    return load_cluster(CLUSTER.replace('"alpha"', f'"{master}"'))


def said(state: Path, master: str, control: Path | None = None, before: str = "") -> Named:
    counts = led_by(before) if before else None
    return check_names(load_node(NODE), led_by(master), state, control, counts)


def test_a_name_of_neither_node_is_refused_with_the_one_that_was_meant(state: Path):
    pair(state)
    (problem,) = said(state, "alhpa").problems
    assert problem.startswith('cluster.toml: master: "alhpa" is the name of no node')
    assert "did you mean alpha?" in problem
    assert said(state, "alpha") == said(state, "beta") == Named()


def test_without_the_other_nodes_name_nothing_is_said(state: Path):
    assert said(state, "alhpa") == Named()
    (state / "identity" / "peer.pub").write_text("nonsense")
    assert said(state, "alhpa") == Named()


def test_who_is_the_master_already_is_told_of_and_not_refused(state: Path):
    pair(state)
    found = said(state, "gamma", before="gamma")
    assert (len(found.problems), len(found.notes)) == (0, 1)
    assert "they are: alpha, beta" in found.notes[0]


@pytest.mark.parametrize("names", [("alpha", "gamma"), ("gamma",), ("alhpa", "beta")])
def test_a_table_for_a_name_of_neither_node_is_refused(state: Path, names: tuple[str, ...]):
    pair(state)
    cluster = replace(led_by("alpha"), nodes=names)
    (problem,) = check_names(load_node(NODE), cluster, state, None).problems
    assert "cluster.toml: nodes: " in problem
    assert "is the name of no node" in problem
    known = check_names(load_node(NODE), cluster, state, None, cluster)
    assert known.problems == ()
    assert known.notes == (problem,)
    good = replace(cluster, nodes=("alpha", "beta"))
    assert check_names(load_node(NODE), good, state, None) == Named()


def test_a_node_that_is_to_get_another_name_may_have_a_third_table(state: Path):
    pair(state)
    found = check_names(
        load_node(NODE), replace(led_by("alpha"), nodes=("alpha", "beta", "gamma")), state, None
    )
    assert found.problems == ()
    assert '"gamma" is the name of no node' in found.notes[0]


def test_the_name_by_which_the_other_node_is_heard_wins(state: Path, tmp_path: Path):
    """It was called otherwise when the two were paired."""
    pair(state, "before")
    control = tmp_path / "control"
    answer = answers.pair()
    heard = answer["hotwire"]["peer"]["name"]
    with serving(control, lambda request: json.loads(json.dumps(answer))):
        assert said(state, heard, control) == Named()
        assert said(state, "before", control).problems
    assert said(state, heard, tmp_path / "no-daemon").problems


def test_check_and_apply_say_it(state: Path, capsys: pytest.CaptureFixture[str]):
    pair(state)
    with pytest.raises(Refused) as refused:
        OwnConfiguration(state, state / "no-daemon").check(make_tree({"cluster.toml": TYPO.encode()}, "here"))
    assert "did you mean alpha?" in refused.value.problems[0]
    new = state.parent / "new.toml"
    new.write_text(TYPO)
    assert main(["config", "check", "--node", str(state / "node.toml"), "--cluster", str(new)]) == 1
    assert "did you mean alpha?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more, key",
    [
        (
            '[hotwire]\nport = "hotwire"\naddresses = { alpha = "10.0.0.2/24", beta = "10.0.0.3/24" }\n',
            "hotwire.addresses",
        ),
        (
            '[[ha_interfaces]]\nport = "wan"\nvirtual_addresses = ["192.0.2.1/24"]\n'
            'peers = { alpha = "192.0.2.2", beta = "192.0.2.3" }\n',
            "ha_interfaces[1].peers",
        ),
    ],
)
def test_a_table_that_names_all_nodes_names_the_master(more: str, key: str):
    with pytest.raises(ConfigError) as refused:
        load_cluster(TYPO + more)
    (mistake,) = refused.value.mistakes
    assert mistake.path == "master"
    assert f"did you mean alpha? ({key})" in mistake.message
    load_cluster(CLUSTER + more)


def test_a_master_may_get_another_name_and_is_told_what_is_left_to_do(state: Path):
    pair(state)
    node = OwnNode(state, state / "no-daemon")
    (note,) = node.check(NODE.replace('"alpha"', '"gamma"'))
    assert '"alpha" is the name of no node' in note
    assert node.check(NODE) == ()
