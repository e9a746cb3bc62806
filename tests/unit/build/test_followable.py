"""An image says which of its units a configuration may start and stop, and only units that can follow."""

from pathlib import Path

import pytest

from firmware.build.followable import PLACE, check_followable
from firmware.errors import FirmwareError
from hadaemon.state.services_check import FOLLOWABLE

UNITS = "usr/lib/systemd/system"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for unit in ("web.service", "vpn@.service", "debug-shell.service", "report.timer", "multi-user.target"):
        path = tmp_path / UNITS / unit
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    wants = tmp_path / "etc/systemd/system/timers.target.wants"
    wants.mkdir(parents=True)
    (wants / "report.timer").symlink_to(f"/{UNITS}/report.timer")
    (tmp_path / PLACE).mkdir(parents=True)
    return tmp_path


def test_units_of_the_image_may_be_listed(target: Path) -> None:
    (target / PLACE / "site").write_text(
        "# Ours\nweb.service  # the shop\n\nvpn@.service\nvpn@office.service\n"
    )
    check_followable(target)


@pytest.mark.parametrize(
    "unit, why",
    [
        ("other.service", "is no unit of this image"),
        ("debug-shell.service", "is not for a configuration"),
        ("multi-user.target", "is no name of a service"),
        ("../web.service", "is no name of a service"),
        ("report.timer", "starts with the node"),
    ],
)
def test_what_cannot_follow_is_told_when_the_image_is_built(target: Path, unit: str, why: str) -> None:
    (target / PLACE / "site").write_text(f"web.service\n{unit}\n")
    with pytest.raises(FirmwareError, match=why) as told:
        check_followable(target)
    assert f"{PLACE}/site:2" in str(told.value)


def test_the_node_reads_what_the_build_checks() -> None:
    assert Path("/", PLACE) == FOLLOWABLE
