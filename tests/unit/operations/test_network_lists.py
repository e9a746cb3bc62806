"""The lists of [networks], on the disk and in a tree; what is wrong is told with its line."""

import tomllib
from pathlib import Path

import pytest

from hadaemon.io.errors import FileError
from hadaemon.io.store.list_files import read_lists
from hadaemon.operations.amend import amended
from hadaemon.operations.check import check_files
from hadaemon.operations.check_folder import check_folder
from hadaemon.operations.dry_run import Refused, dry_run
from hadaemon.operations.own_node import OwnNode
from hadaemon.state.configuration import load_configuration
from hadaemon.state.network_lists import tree_lists
from hadaemon.status.states import Condition
from hadaemon.sync.tree import make_tree

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[networks]
servers = { file = "servers.txt" }   # Anna keeps it
[[firewall.rules]]
action = "allow"
destination = ["servers"]
"""
PLACE = "cluster.d/networks/servers.txt"
WRONG = f'{PLACE}: line 2: "10.9.0.300" is not a network: write it as in 192.168.12.0/24'


@pytest.fixture(autouse=True)
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rule sets that nftables was asked about; it takes them."""
    asked: list[str] = []
    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", asked.append)
    return asked


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A node with a good list."""
    (tmp_path / "node.toml").write_text(NODE)
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    (tmp_path / PLACE).parent.mkdir(parents=True)
    (tmp_path / PLACE).write_text("# ours\n10.9.0.0/24\n")
    return tmp_path


def tree(text: bytes):
    return make_tree({"cluster.toml": CLUSTER.encode(), PLACE: text}, "here")


def test_what_the_node_reads(state: Path):
    (state / PLACE).with_name("notes.md").write_text("not a list")
    assert read_lists(state) == {"servers.txt": "# ours\n10.9.0.0/24\n"}
    assert read_lists(state / "elsewhere") == {}
    before = load_configuration(state)
    assert before.cluster is not None
    assert [str(each) for each in before.cluster.networks["servers"].networks] == ["10.9.0.0/24"]
    (state / PLACE).write_text("10.9.1.0/24\n")
    assert load_configuration(state) != before, "a list alone is a change"
    (state / PLACE).write_text("# ours\n10.9.0.300\n")
    wrong = load_configuration(state)
    assert (wrong.condition, wrong.problems) == (Condition.REFUSED, (WRONG,))
    (state / PLACE).write_bytes(b"\xff")
    assert "not UTF-8 text" in load_configuration(state).problems[0]
    with pytest.raises(FileError, match="not UTF-8"):
        read_lists(state)


def test_what_a_tree_has():
    assert tree_lists(tree(b"10.9.0.0/24\n")) == {"servers.txt": "10.9.0.0/24\n"}
    assert tree_lists(make_tree({"cluster.toml": b"", "cluster.d/a/servers.txt": b""}, "here")) == {}


def test_a_configuration_is_tried_with_its_own_list(state: Path, tried: list[str]):
    dry_run(tree(b"10.9.7.0/24\n"), None, state)
    assert "elements = { 10.9.7.0/24 }" in tried[-1]
    for content, told in (
        (b"# ours\n10.9.0.300\n", WRONG),
        (
            b"10.9.0.0/24\n\xff\n",
            f'{PLACE}: line 2: "\ufffd" is not a network: write it as in 192.168.12.0/24',
        ),
    ):
        with pytest.raises(Refused) as refused:
            dry_run(tree(content), None, state)
        assert refused.value.problems == (told,)


def test_config_check_and_the_checkout_s_check(state: Path, tried: list[str]):
    node, cluster = state / "node.toml", state / "cluster.toml"
    assert check_files(node, cluster).problems == ()
    assert "elements = { 10.9.0.0/24 }" in tried[-1]
    assert check_folder(state).problems == []
    assert "elements = { 10.9.0.0/24 }" in tried[-1]
    OwnNode(state, state / "socket").check(NODE)
    assert "elements = { 10.9.0.0/24 }" in tried[-1]
    (state / PLACE).write_text("# ours\n10.9.0.300\n")
    assert check_files(node, cluster).problems == (WRONG,)
    assert check_folder(state).problems == [WRONG]
    (state / PLACE).unlink()
    missing = f"{cluster}: networks.servers.file: there is no file {PLACE}"
    assert check_files(node, cluster).problems == (missing,)


def test_a_change_by_the_menu_keeps_names_and_comments():
    text = amended(CLUSTER, {**tomllib.loads(CLUSTER), "enabled": False})
    assert 'servers = { file = "servers.txt" }   # Anna keeps it' in text
    assert 'destination = ["servers"]' in text
