"""`hactl config edit`: whatever the editor leaves, the whole text counts or nothing was changed."""

import os
import stat
import sys
from pathlib import Path

import pytest

from hadaemon.cli.main import main
from hadaemon.io.store.pair_lock import locked
from hadaemon.sync.holder import Holder
from tests.unit.cli.test_config_sync import Box
from tests.unit.cli.test_hactl import serving
from tests.unit.operations.test_own_configuration import CLUSTER, NODE


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path)
    assert box.hactl("apply", box.new) == 0
    return box


def editor(monkeypatch: pytest.MonkeyPatch, folder: Path, *scripts: str) -> Path:
    """An editor that does to the text what the next script says; its log has what it found each time."""
    program, log = folder / "editor.py", folder / "log"
    program.write_text(
        "import pathlib, sys\n"
        "file, log = pathlib.Path(sys.argv[-1]), pathlib.Path(__file__).with_name('log')\n"
        "turn = len(log.read_text().split('\\0')) - 1 if log.exists() else 0\n"
        "text = file.read_text()\n"
        "mode = f'{file.stat().st_mode:o} {file.parent.stat().st_mode:o} {file.name}'\n"
        "with log.open('a') as out: out.write(mode + chr(10) + text + chr(0))\n"
        f"scripts = {scripts!r}\n"
        "exec(scripts[min(turn, len(scripts) - 1)])\n"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} -P {program}")
    return log


def answers(monkeypatch: pytest.MonkeyPatch, *given: str) -> None:
    left = list(given)

    def answer(_: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    monkeypatch.setattr("builtins.input", answer)


def swap(old: str, new: str) -> str:
    return f"file.write_text(text.replace({old!r}, {new!r}))"


def test_a_good_text_is_applied(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = editor(monkeypatch, box.run, swap("12.1/24", "12.9/24"))
    assert box.hactl("edit") == 0
    told = capsys.readouterr().out
    assert "+ cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.9/24']" in told
    assert "generation 2 is applied on alpha" in told
    assert "12.9/24" in (box.state / "cluster.toml").read_text()
    modes, text = log.read_text().removesuffix("\0").split("\n", 1)
    assert modes == "100600 40700 cluster.toml", "a secret in it is nobody else's to read"
    assert text == CLUSTER
    assert not list(box.run.glob("edit-*")), "nothing is left behind"


def test_nothing_changed(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    editor(monkeypatch, box.run, "pass")
    assert box.hactl("edit") == 0
    assert capsys.readouterr().out.endswith("nothing was changed\n")
    assert box.hactl("history") == 0
    assert "generation 2" not in capsys.readouterr().out


def test_a_wrong_text_is_shown_with_its_place_and_edited_again(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = editor(
        monkeypatch,
        box.run,
        swap('port = "lan"', 'prot = "lan"'),
        "file.write_text('schema = \\n')",
        f"file.write_text({CLUSTER.replace('12.1/24', '12.8/24')!r})",
    )
    answers(monkeypatch, "what?", "e", "")
    assert box.hactl("edit") == 0
    told = capsys.readouterr().out
    assert "! cluster.toml: ha_interfaces[0].prot: unknown key" in told
    assert "! cluster.toml: line 1, column 10: is not TOML" in told
    assert "12.8/24" in (box.state / "cluster.toml").read_text()
    second = log.read_text().split("\0")[1]
    assert 'prot = "lan"' in second, "what was typed is not lost"


@pytest.mark.parametrize("given", [("d",), ()])
def test_a_wrong_text_is_discarded(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: tuple[str, ...]
):
    editor(monkeypatch, box.run, swap("12.1/24", "12.300/24"))
    answers(monkeypatch, *given)
    assert box.hactl("edit") == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert not list(box.run.glob("edit-*"))


def test_what_changed_meanwhile_is_not_overwritten_unseen(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    other = box.write("12.1/24", "12.7/24")
    places = ["--state", str(box.state), "--run", str(box.run)]
    editor(
        monkeypatch,
        box.run,
        swap("12.1/24", "12.9/24")
        + "\nfrom hadaemon.cli.main import main"
        + f"\nassert main(['config', 'apply', {str(other)!r}, *{places!r}]) == 0",
        "pass",
    )
    answers(monkeypatch, "e")
    assert box.hactl("edit") == 0
    told = capsys.readouterr().out
    assert "changed meanwhile; from it to your text:\n- cluster.toml" in told
    assert "12.7/24" in told
    assert "12.9/24" in (box.state / "cluster.toml").read_text()


def test_somebody_else_is_at_it(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = editor(monkeypatch, box.run, "pass")
    with locked(box.run, "alpha", Holder("eve", "beta", "2026-03-01", "hactl config sync")):
        assert box.hactl("edit") == 1
    assert "being changed by eve on beta" in capsys.readouterr().err
    assert not log.exists(), "it is told before anything was typed"


def test_the_lock_is_free_while_a_person_types(box: Box, monkeypatch: pytest.MonkeyPatch):
    editor(
        monkeypatch,
        box.run,
        "from hadaemon.io.store.pair_lock import locked\n"
        "from hadaemon.sync.holder import Holder\n"
        "import pathlib\n"
        f"with locked(pathlib.Path({str(box.run)!r}), 'alpha', Holder('a', 'b', 'c', 'd')): pass",
    )
    assert box.hactl("edit") == 0


@pytest.mark.parametrize(
    "wanted,told", [("/nowhere/editor", "cannot be run"), ("false", "ended with status 1"), ("", "no editor")]
)
def test_an_editor_that_fails(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: str,
    told: str,
):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", wanted)
    if not wanted:
        monkeypatch.setattr("hadaemon.cli.config_edit.shutil.which", lambda _: None)
    assert box.hactl("edit") == 1
    assert told in capsys.readouterr().err
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert not list(box.run.glob("edit-*"))


def test_a_node_without_a_cluster_begins_with_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    box = Box(tmp_path)
    log = editor(monkeypatch, box.run, f"file.write_text({CLUSTER!r})")
    assert box.hactl("edit") == 0
    assert log.read_text().split("\n", 1)[1] == "schema = 1\n\0"
    assert (box.state / "cluster.toml").read_text() == CLUSTER


def test_node_toml_is_checked_against_the_cluster_and_applied(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = editor(
        monkeypatch, box.run, swap("[ports.lan]", "[ports.lun]"), swap("[ports.lun]", "[ports.lan]\n")
    )
    answers(monkeypatch, "e")
    assert box.hactl("edit", "--node") == 0
    told = capsys.readouterr().out
    assert "ha_interfaces[0].port" in told, "the cluster needs that port"
    assert "node.toml is applied" in told
    assert "the daemon does not answer" in told
    assert (box.state / "node.toml").read_text() != NODE
    assert stat.S_IMODE((box.state / "node.toml").stat().st_mode) == 0o640
    assert "100600 40700 node.toml" in log.read_text()


def test_a_daemon_that_refuses_node_toml_keeps_the_old_one(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked: list[object] = []

    def refuse(request: object) -> dict[str, object]:
        asked.append(request)
        return {"ok": False, "error": "no", "problems": ["lan: it is on fire"]}

    editor(monkeypatch, box.run, swap("[ports.lan]", "[ports.lan]\n"))
    answers(monkeypatch, "d")
    places = ["--state", str(box.state), "--run", str(box.run)]
    with serving(box.run / "socket", refuse):
        assert main(["--socket", str(box.run / "socket"), "config", "edit", "--node", *places]) == 1
    assert "! lan: it is on fire" in capsys.readouterr().out
    assert asked == [{"command": "reload", "keep_active": True}]
    assert (box.state / "node.toml").read_text() == NODE


def test_node_toml_changed_meanwhile(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    mine = NODE.replace("[ports.lan]", "[ports.lan]\n")
    editor(
        monkeypatch,
        box.run,
        f"pathlib.Path({str(box.state / 'node.toml')!r}).write_text({NODE + chr(10)!r})\n"
        f"file.write_text({mine!r})",
        "pass",
    )
    answers(monkeypatch, "e")
    assert box.hactl("edit", "--node") == 0
    assert "node.toml was changed meanwhile" in capsys.readouterr().out
    assert (box.state / "node.toml").read_text() == mine


def test_node_toml_has_no_generations_to_go_back_to(box: Box, capsys: pytest.CaptureFixture[str]):
    assert box.hactl("edit", "--node", "--confirm", "5m") == 2
    assert "--confirm is for what both nodes share" in capsys.readouterr().err


def test_a_change_that_goes_back_by_itself(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("hadaemon.io.programs.services.start_guard", lambda: None)
    editor(monkeypatch, box.run, swap("12.1/24", "12.9/24"))
    assert box.hactl("edit", "--confirm", "5m") == 0
    assert "it goes back by itself in 300 s unless" in capsys.readouterr().out
    assert box.hactl("rollback", "--unconfirmed") == 0
    assert (box.state / "cluster.toml").read_text() == CLUSTER


def test_who_is_not_root_is_told_at_once(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = editor(monkeypatch, box.run, "pass")
    real = os.open

    def forbidden(path: object, *rest: object, **more: object) -> int:
        if str(path).endswith("config.lock"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("hadaemon.io.store.pair_lock.os.open", forbidden)
    assert box.hactl("edit") == 4
    assert "sudo hactl" in capsys.readouterr().err
    assert not log.exists()
