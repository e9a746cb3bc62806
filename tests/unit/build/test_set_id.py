"""What runs as its owner whoever starts it: only what a board lists."""

from pathlib import Path

import pytest

from firmware.build.board import Listed
from firmware.build.set_id import drop_set_id
from firmware.errors import FirmwareError

SUDO = Listed("usr/bin/sudo", "board/common/set-id:2")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for name, mode in (("sudo", 0o4755), ("su", 0o4755), ("chage", 0o2755), ("both", 0o6711), ("ls", 0o755)):
        path = tmp_path / "usr/bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.chmod(mode)
    (tmp_path / "usr/bin").chmod(0o2755)
    (tmp_path / "usr/bin/link").symlink_to("su")
    return tmp_path


def modes(target: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_mode & 0o7777
        for path in (target / "usr/bin").iterdir()
        if path.name != "link"
    }


def test_whatever_is_not_listed_loses_its_bits_and_nothing_else(target: Path) -> None:
    drop_set_id(target, [SUDO])
    assert modes(target) == {"sudo": 0o4755, "su": 0o755, "chage": 0o755, "both": 0o711, "ls": 0o755}
    assert (target / "usr/bin").stat().st_mode & 0o7777 == 0o2755, "of a folder it means something else"


@pytest.mark.parametrize("name", ["usr/bin/ls", "usr/bin/absent"])
def test_a_line_that_keeps_nothing_is_told(target: Path, name: str) -> None:
    with pytest.raises(FirmwareError, match="is no program that runs as its owner") as told:
        drop_set_id(target, [SUDO, Listed(name, "board/x/set-id:7")])
    assert "board/x/set-id:7" in str(told.value)
