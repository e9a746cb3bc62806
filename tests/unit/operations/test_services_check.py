"""A unit that the firmware lacks, or does not let follow, is told before the configuration counts."""

from pathlib import Path

from hadaemon.config import load_cluster
from hadaemon.state.services_check import followable, missing_units

SERVICES = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[follow.services]]
unit = "openvpn-server@office.service"
[[follow.services]]
unit = "report.timer"
"""


LISTED = frozenset({"openvpn-server@.service", "report.timer"})


def test_a_unit_that_the_firmware_lacks_is_told(tmp_path: Path) -> None:
    cluster = load_cluster(SERVICES)
    first, second = folders = (tmp_path / "first", tmp_path / "second")
    for folder in folders:
        folder.mkdir()
    assert missing_units(cluster, folders) == (), "not on a box of ours: nobody knows"
    (second / "hadaemon.service").touch()
    told = missing_units(cluster, folders, LISTED)
    assert [each.partition(":")[0] for each in told] == ["follow.services[0].unit", "follow.services[1].unit"]
    (first / "openvpn-server@.service").touch()
    (told,) = missing_units(cluster, folders, LISTED)
    assert "this firmware has no report.timer" in told
    (first / "report.timer").touch()
    assert missing_units(cluster, folders, LISTED) == ()


def test_a_unit_that_the_image_does_not_let_follow_is_refused(tmp_path: Path) -> None:
    cluster = load_cluster(SERVICES)
    for name in ("hadaemon.service", "openvpn-server@.service", "report.timer"):
        (tmp_path / name).touch()
    (told,) = missing_units(cluster, (tmp_path,), frozenset({"openvpn-server@.service"}))
    assert told.startswith("follow.services[1].unit: report.timer may not follow")
    assert len(missing_units(cluster, (tmp_path,), frozenset())) == 2


def test_the_lists_of_an_image_are_read(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("# Of the board\nopenvpn-server@.service  # the VPN\n\n")
    (tmp_path / "site").write_text("report.timer\n")
    assert followable(tmp_path) == LISTED
    assert followable(tmp_path / "none") == frozenset()
