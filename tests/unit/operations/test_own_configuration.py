"""Generations on disk: whole at any time, the last twenty, and never something that was not applied."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hadaemon.io.errors import FileError
from hadaemon.io.store import trees
from hadaemon.io.store.generations import KEPT, Generations
from hadaemon.io.store.trees import read_tree
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.holder import Holder
from hadaemon.sync.record import How
from hadaemon.sync.tree import Tree, digest, make_tree

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[ports.guest]
mac = "52:54:00:48:0a:04"
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[vrrp.authentication]
type = "hmac"
key = "no secret, but of 32 bytes at least"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""
ADMIN = Holder("admin", "alpha", "2026-03-01T08:00:00+00:00", "hactl config apply")


def tree(number: int = 1, **files: bytes) -> Tree:
    text = CLUSTER.replace("12.1/24", f"12.{number}/24")
    return make_tree({"cluster.toml": text.encode(), **files}, "here")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "node.toml").write_text(NODE)
    return folder


def own(state: Path) -> OwnConfiguration:
    return OwnConfiguration(state, state / "no-daemon")


def apply(here: OwnConfiguration, new: Tree, confirm: float | None = None) -> None:
    here.commit(new, here.next_head(new, here.check(new)), How.APPLY, ADMIN, confirm)


def test_a_preseed_becomes_the_first_generation_and_the_master_founds_the_cluster(state: Path):
    (state / "cluster.toml").write_bytes(tree(1).cluster)
    here = own(state)
    assert here.side().head.generation == 0
    assert here.side().head.fresh
    assert here.side().leads
    apply(here, tree(2, **{"cluster.d/a/rules.txt": b"x"}))
    assert (state / "cluster.toml").read_bytes() == tree(2).cluster
    assert (state / "cluster.d/a/rules.txt").read_bytes() == b"x"
    found = here.generations.records()
    assert [(record.head.generation, record.how) for record in found] == [(1, How.APPLY), (0, How.PRESEED)]
    assert not found[0].head.fresh
    assert here.generations.read(found[1]) == tree(1)
    assert not list(state.rglob(".*"))


def test_files_of_a_generation_are_not_for_everybody(state: Path):
    apply(own(state), tree(1, **{"cluster.d/a/rules.txt": b"x"}))
    for path in (state / "generations").rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o027 == 0, path


def test_deleted_files_are_gone(state: Path):
    here = own(state)
    apply(here, tree(1, **{"cluster.d/old": b"x"}))
    apply(here, tree(1, **{"cluster.d/new": b"x"}))
    assert [path.name for path in (state / "cluster.d").iterdir()] == ["new"]


def test_the_last_twenty_are_kept(state: Path):
    here = own(state)
    for number in range(1, KEPT + 5):
        apply(here, tree(number))
    generations = [record.head.generation for record in here.generations.records()]
    assert generations == list(range(KEPT + 4, 4, -1))
    assert here.generations.tree() == tree(KEPT + 4)


@pytest.mark.parametrize("in_place", [True, False])
def test_a_change_by_hand_counts_and_is_kept(state: Path, in_place: bool):
    here = own(state)
    apply(here, tree(1))
    path = state / "cluster.toml"
    if in_place:
        path.chmod(0o640)
    else:
        path.unlink()
    path.write_bytes(tree(7).cluster)
    head = here.generations.head()
    assert (head.generation, head.digest) == (2, digest(tree(7)))
    apply(here, tree(8))
    assert [record.how for record in here.generations.records()] == [How.APPLY, How.BY_HAND, How.APPLY]
    first = here.generations.records()[-1]
    if in_place:
        with pytest.raises(SyncError, match="was changed on the disk"):
            here.generations.read(first)
    else:
        assert here.generations.read(first) == tree(1)


def test_what_this_node_cannot_run_is_refused_and_nothing_changes(state: Path):
    here = own(state)
    apply(here, tree(1))
    before = sorted(state.rglob("*"))
    wrong = make_tree({"cluster.toml": CLUSTER.replace('"lan"', '"lann"').encode()}, "here")
    with pytest.raises(Refused) as refused:
        apply(here, wrong)
    assert "did you mean lan?" in refused.value.problems[0]
    with pytest.raises(Refused):
        apply(here, make_tree({"cluster.toml": CLUSTER.encode() + b"\ncolour = 1\n"}, "here"))
    assert sorted(state.rglob("*")) == before


def test_rules_that_do_not_load_are_refused(state: Path):
    here = own(state)
    path = "cluster.d/firewall/own.nft"
    apply(here, tree(1, **{path: b"chain user_forward {\n accept\n}\n"}))
    for wrong, said in (
        (b"chain user_forward {\n nonsense\n}\n", f"firewall: {path}: line 2: Error: "),
        (b"}\n", f"{path}: line 1: one }} too many"),
    ):
        with pytest.raises(Refused) as refused:
            apply(here, tree(1, **{path: wrong}))
        assert refused.value.problems[0].startswith(said)
    with pytest.raises(Refused) as refused:
        apply(here, tree(1, **{"cluster.d/rules.nft": b""}))
    assert refused.value.problems[0].startswith("cluster.d/rules.nft: is not read")


def test_a_new_interface_says_that_it_has_no_own_address(state: Path):
    here = own(state)
    apply(here, tree(1))
    more = CLUSTER + '[[ha_interfaces]]\nport = "guest"\nvirtual_addresses = ["10.1.1.1/24"]\n'
    checked = here.check(make_tree({"cluster.toml": more.encode()}, "here"))
    assert len(checked.notes) == 1
    assert "guest has no own address" in checked.notes[0]


def test_one_that_advertises_over_the_hotwire_needs_none(state: Path):
    (state / "node.toml").write_text(NODE + '[ports.dmz]\nmac = "52:54:00:48:0a:05"\n')
    here = own(state)
    apply(here, tree(1))
    over = CLUSTER + (
        '[[ha_interfaces]]\nport = "guest"\naddresses_on = "dmz"\nvirtual_addresses = ["10.1.1.1/24"]\n'
        '[hotwire]\nport = "guest"\nadvertisements = true\n'
    )
    assert here.check(make_tree({"cluster.toml": over.encode()}, "here")).notes == ()


def test_a_full_disk_changes_nothing(state: Path, monkeypatch: pytest.MonkeyPatch):
    here = own(state)
    apply(here, tree(1))
    head = here.generations.head()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(trees, "_write", full)
    with pytest.raises(FileError, match="No space left on device"):
        apply(here, tree(2))
    assert here.generations.head() == head
    assert not list(state.rglob(".staged*"))


def test_no_link_is_followed_out_of_a_configuration(state: Path, tmp_path: Path):
    folder = tmp_path / "new"
    (folder / "cluster.d").mkdir(parents=True)
    (folder / "cluster.toml").write_text(CLUSTER)
    (folder / "cluster.d/shadow").symlink_to("/etc/shadow")
    with pytest.raises(FileError, match="plain files only"):
        read_tree(folder)
    (folder / "cluster.d/shadow").unlink()
    (folder / "cluster.toml").unlink()
    (folder / "cluster.toml").symlink_to("/etc/shadow")
    with pytest.raises(FileError):
        read_tree(folder)


def test_an_unconfirmed_change_goes_back_and_a_confirmed_one_stays(state: Path):
    here = own(state)
    apply(here, tree(1))
    apply(here, tree(2), confirm=60)
    assert here.generations.tree() == tree(2)
    with pytest.raises(SyncError, match="waits to be confirmed"):
        apply(here, tree(3))
    here.go_back()
    assert here.generations.tree() == tree(1)
    assert here.guard() is None
    apply(here, tree(2), confirm=60)
    assert here.confirm()
    assert "nothing waits" in here.go_back()
    assert here.generations.tree() == tree(2)


def test_an_unconfirmed_first_configuration_leaves_a_stand_alone_node(state: Path):
    here = own(state)
    apply(here, tree(1), confirm=60)
    here.go_back()
    assert sorted(path.name for path in state.iterdir()) == ["node.toml"]


def test_a_reset_leaves_a_stand_alone_node(state: Path):
    here = own(state)
    apply(here, tree(1))
    here.reset()
    assert sorted(path.name for path in state.iterdir()) == ["node.toml"]
    assert here.side().head.empty


@pytest.mark.parametrize("begin", ["nothing", "preseed", "generation"])
def test_killed_at_every_step_the_old_or_the_new_one_is_there_whole(state: Path, tmp_path: Path, begin: str):
    new = tree(2, **{"cluster.d/a": b"new", "cluster.d/b/c": b"new"})
    old: Tree | None = None
    if begin == "preseed":
        (state / "cluster.toml").write_bytes(tree(1).cluster)
        old = tree(1)
    elif begin == "generation":
        old = tree(1, **{"cluster.d/a": b"old"})
        apply(own(state), old)
    folder, results = tmp_path / "new", tmp_path / "results"
    trees.write_tree(folder, new, None)
    results.mkdir()
    script = str(Path(__file__).with_name("killed.py"))
    subprocess.run([sys.executable, "-P", script, str(state), str(folder), str(results)], check=True)
    seen = []
    for result in sorted(results.iterdir()):
        here = own(result)
        found = here.generations.tree()
        assert found in (old, new), result
        seen.append(found)
        apply(here, tree(3))  # Whatever the kill has left is in nobody's way.
        assert Generations(result).tree() == tree(3)
        assert not list(result.rglob(".*"))
    assert old in seen
    assert seen[-1] == new
    assert len(seen) > 10
    assert seen == sorted(seen, key=lambda one: one == new), "it went back on the way"
