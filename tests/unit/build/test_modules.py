"""The allow-list of kernel modules: dependencies come along, unknown names are all told at once."""

from pathlib import Path

import pytest

from firmware.build import modules
from firmware.build.board import Listed
from firmware.errors import FirmwareError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "modules.dep").write_text(
        "kernel/net/igb.ko.xz: kernel/algo/i2c-algo-bit.ko.xz kernel/dca.ko.xz\n"
        "kernel/algo/i2c-algo-bit.ko.xz:\nkernel/dca.ko.xz:\nkernel/fs/ext4.ko.xz: kernel/jbd2.ko.xz\n"
        "kernel/jbd2.ko.xz:\nkernel/crc/crc32c.ko.xz:\nkernel/other.ko.xz:\n"
    )
    (tmp_path / "modules.builtin").write_text("kernel/drivers/ata/libata.ko\n")
    (tmp_path / "modules.softdep").write_text("# comment\nsoftdep ext4 pre: crc32c\nsoftdep other pre: dca\n")
    return tmp_path


def wanted(*names: str) -> list[Listed]:
    return [Listed(name, f"board/x/modules:{line}") for line, name in enumerate(names, start=1)]


def test_dependencies_come_along(folder: Path) -> None:
    assert modules.closure(folder, wanted("igb")) == {
        "kernel/net/igb.ko.xz",
        "kernel/algo/i2c-algo-bit.ko.xz",
        "kernel/dca.ko.xz",
    }


def test_soft_dependencies_come_along(folder: Path) -> None:
    kept = modules.closure(folder, wanted("ext4"))
    assert kept == {"kernel/fs/ext4.ko.xz", "kernel/jbd2.ko.xz", "kernel/crc/crc32c.ko.xz"}


@pytest.mark.parametrize("spelling", ["i2c_algo_bit", "i2c-algo-bit"])
def test_both_spellings_are_one_module(folder: Path, spelling: str) -> None:
    assert modules.closure(folder, wanted(spelling)) == {"kernel/algo/i2c-algo-bit.ko.xz"}


def test_built_in_modules_need_no_file(folder: Path) -> None:
    assert modules.closure(folder, wanted("libata")) == set()


def test_all_unknown_modules_are_told_at_once(folder: Path) -> None:
    with pytest.raises(FirmwareError, match="no module nosuch, neither") as error:
        modules.closure(folder, wanted("igb", "nosuch", "neither"))
    assert error.value.where == "board/x/modules:2, board/x/modules:3"
