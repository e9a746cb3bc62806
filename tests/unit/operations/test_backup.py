"""A backup that is put back: the text that its administrator wrote, with the network cards of this box."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.config import load_node
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import write_text
from hadaemon.operations.backup import Backup, collect, parse, put_back, rebind
from hadaemon.operations.dry_run import Refused
from hadaemon.sync.errors import SyncError

NODE = """\
# In the rack on the left. Ask Anna before you change anything.
schema = 1
language = "de"   # for the menu
name = "alpha"

[ports.wan]
mac = "52:54:00:48:0a:02"

[ports.lan]
addresses = ["192.168.12.141/24"]   # from the office's plan
mac = "52:54:00:48:0a:01"   # the card with the green dot
"""
NEW = {"lan": "52:54:00:48:0c:01", "wan": "52:54:00:48:0c:02"}
CLUSTER = b"""\
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "%s"
virtual_addresses = ["192.168.12.1/24"]
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "node.toml").write_text(NODE)
    return folder


def moved(state: Path, tmp_path: Path) -> tuple[Backup, Path]:
    """The backup of a node, and the folder of a box that has nothing yet."""
    backup = parse(collect(state), "alpha.backup")
    target = tmp_path / "new"
    target.mkdir()
    return backup, target


def test_comments_and_order_of_node_toml_stay(state: Path, tmp_path: Path):
    backup, target = moved(state, tmp_path)
    put_back(backup, rebind(backup.node, None, NEW, set()), target)
    expected = NODE.replace("48:0a:01", "48:0c:01").replace("48:0a:02", "48:0c:02")
    assert (target / "node.toml").read_text() == expected


def test_on_the_same_cards_nothing_of_it_changes(state: Path, tmp_path: Path):
    backup, target = moved(state, tmp_path)
    cards = {card for port in backup.node.ports.values() for card in port.cards}
    put_back(backup, rebind(backup.node, None, {}, cards), target)
    assert (target / "node.toml").read_text() == NODE


def test_what_this_box_cannot_run_leaves_it_as_it_was(state: Path, tmp_path: Path):
    (state / "cluster.toml").write_bytes(CLUSTER % b"lan")
    backup, target = moved(state, tmp_path)
    assert backup.tree is not None
    (target / "node.toml").write_text(before := NODE.replace("alpha", "beta"))
    (target / "admin.toml").write_text("schema = 1\n")
    (state / "admin.toml").write_text(
        f'schema = 1\nssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{"A" * 43} a@b"]\n'
    )
    text = NODE.replace("[ports.lan]", "[ports.dmz]")
    backup = replace(parse(collect(state), "alpha.backup"), node_text=text)
    other = load_node(text)
    with pytest.raises(Refused):
        put_back(backup, other, target)
    assert (target / "node.toml").read_text() == before
    assert (target / "admin.toml").read_text() == "schema = 1\n"
    assert not (target / "cluster.toml").exists()


ADMIN = 'schema = 1\nssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} a@b"]\n'


@pytest.mark.parametrize("present", [True, False], ids=["a node", "a new box"])
@pytest.mark.parametrize(
    "step, error",
    [
        ("hadaemon.operations.backup.dry_run", Refused("alpha", ("it has no such card",))),
        ("hadaemon.operations.backup.dry_run", SyncError("not UTF-8")),
        ("hadaemon.operations.backup.dry_run", FileError("cannot be read")),
        ("hadaemon.operations.backup.dry_run", OSError("no space left")),
        ("hadaemon.operations.backup.dry_run", KeyboardInterrupt()),
        ("hadaemon.operations.backup.write_text", FileError("admin.toml: cannot be written")),
        ("hadaemon.io.store.generations.Generations.stage", FileError("no space left")),
        ("hadaemon.io.store.generations.Generations.commit", FileError("no space left")),
    ],
    ids=lambda value: value.rpartition(".")[2] if isinstance(value, str) else type(value).__name__,
)
def test_whatever_refuses_a_backup_leaves_all_as_it_was(
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: BaseException,
    present: bool,
):
    (state / "cluster.toml").write_bytes(CLUSTER % b"lan")
    (state / "admin.toml").write_text(ADMIN.format("A" * 43))
    backup, target = moved(state, tmp_path)
    if present:
        (target / "node.toml").write_text(NODE.replace("alpha", "beta"))
        (target / "admin.toml").write_text(ADMIN.format("B" * 43))
        (target / "cluster.toml").write_bytes(CLUSTER % b"wan")
    before = files(target)
    raised = [error]

    def fail(*given: object, **_: object) -> None:
        if raised:
            raise raised.pop()
        write_text(*given)

    monkeypatch.setattr("hadaemon.operations.backup.dry_run", lambda *_: None)
    monkeypatch.setattr(step, fail)
    with pytest.raises(type(error)):
        put_back(backup, backup.node, target)
    assert files(target) == before


def files(folder: Path) -> dict[str, bytes]:
    """What counts: a generation that was staged and not committed is swept away at the next change."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_backup_has_the_text_itself(state: Path):
    text = collect(state)
    assert json.loads(text)["node"] == NODE
    assert parse(text, "x").node == load_node(NODE)
