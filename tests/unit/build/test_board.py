"""Boards are data; every fault in them is told with its file and its place in it."""

import re
from pathlib import Path

import pytest

from firmware import paths
from firmware.build.board import Boot, known_boards, load_board
from firmware.errors import FirmwareError

COMMON = 'schema = 1\nboot = ["bios", "uefi"]\nconsoles = ["tty0"]\nkernel_arguments = ["panic=10"]\n'


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    folder = tmp_path / "board"
    for name in ("common", "one"):
        (folder / name).mkdir(parents=True)
    (folder / "common/board.toml").write_text(COMMON)
    (folder / "common/packages").write_text("systemd # the manager\npython3 nano\n")
    (folder / "one/board.toml").write_text('schema = 1\ndescription = "one"\n')
    return folder


@pytest.mark.parametrize("name", known_boards(paths.BOARD))
def test_the_boards_of_this_tree_are_whole(name: str) -> None:
    board = load_board(paths.BOARD, name)
    assert board.description
    assert board.packages
    assert board.initrd_modules
    assert board.compatible == f"hotspare-{name}"
    assert board.folders[0].name == "common"


READ = {
    *("board.toml", "packages", "modules", "initrd-modules", "firmware", "set-id", "rootfs-overlay"),
    *("initrd", "post-build.sh", "post-image.sh"),
}
"""What the build looks for in a board's folder."""


@pytest.mark.parametrize("folder", sorted(paths.BOARD.iterdir()), ids=lambda folder: folder.name)
def test_no_file_of_a_board_is_ignored(folder: Path) -> None:
    own = {"grub.cfg"} if folder.name == "common" else set()
    ignored = {path.name for path in folder.iterdir()} - READ - own
    assert not ignored, f"board/{folder.name}: nothing reads {sorted(ignored)}: rename it, or move it"


def test_the_two_first_boards() -> None:
    generic, apu2 = (load_board(paths.BOARD, name) for name in ("generic-x86_64", "apu2"))
    assert generic.boot == (Boot.BIOS, Boot.UEFI)
    assert generic.consoles == ("tty0", "ttyS0,115200n8")
    assert generic.serial == (0, 115200)
    assert apu2.boot == (Boot.BIOS,)
    assert apu2.consoles == ("ttyS0,115200n8",)
    assert not apu2.screen


def test_a_board_says_only_what_differs(boards: Path) -> None:
    (boards / "one/packages").write_text("-nano\nethtool\n")
    (boards / "one/board.toml").write_text('schema = 1\ndescription = "one"\nconsoles = ["ttyS1,9600n8"]\n')
    board = load_board(boards, "one")
    assert [entry.name for entry in board.packages] == ["systemd", "python3", "ethtool"]
    assert board.packages[2].place == "board/one/packages:2"
    assert board.kernel_arguments == ("panic=10",)
    assert board.serial == (1, 9600)


def test_an_unknown_board_lists_the_known_ones(boards: Path) -> None:
    with pytest.raises(FirmwareError, match="no board 'two'") as error:
        load_board(boards, "two")
    assert error.value.todo == "choose one of: one"


@pytest.mark.parametrize("name", ["common", "", "../one", "/etc"])
def test_what_is_no_board_is_refused(boards: Path, name: str) -> None:
    with pytest.raises(FirmwareError, match="there is no board"):
        load_board(boards, name)


@pytest.mark.parametrize(
    "text, place, message",
    [
        ("schema = 1\nconsole = []\n", "console", "unknown key"),
        ("schema = 2\n", "schema", "schema"),
        ("", "schema", "schema"),
        ('schema = 1\nconsoles = "tty0"\n', "consoles", "list of texts"),
        ('schema = 1\nconsoles = ["tty0", 7]\n', "consoles[1]", "is not a text"),
        ('schema = 1\nconsoles = ["ttyS0"]\n', "consoles[0]", "not a console"),
        ('schema = 1\nboot = ["bios", "openfirmware"]\n', "boot[1]", "not a way to boot"),
        ("schema = 1\nkernel_arguments = ['a\"b']\n", "kernel_arguments[0]", "blanks and quotes"),
        ("schema = 1\ndescription = 3\n", "description", "must be a text"),
        ("schema = \n", "", "not a TOML file"),
    ],
)
def test_a_fault_in_board_toml_names_file_and_key(boards: Path, text: str, place: str, message: str) -> None:
    (boards / "one/board.toml").write_text(text)
    with pytest.raises(FirmwareError, match=message) as error:
        load_board(boards, "one")
    assert re.fullmatch(rf"board/one/board\.toml(: {re.escape(place)})?", error.value.where)
    assert place in error.value.where
    assert error.value.todo


def test_taking_away_what_is_not_there_is_a_fault(boards: Path) -> None:
    (boards / "one/packages").write_text("\n-vim\n")
    with pytest.raises(FirmwareError, match="'vim' is not there") as error:
        load_board(boards, "one")
    assert error.value.where == "board/one/packages:2"
