"""A unit that the firmware lacks is told before the configuration counts."""

from pathlib import Path

from hadaemon.config import load_cluster
from hadaemon.state.services_check import missing_units

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


def test_a_unit_that_the_firmware_lacks_is_told(tmp_path: Path) -> None:
    cluster = load_cluster(SERVICES)
    first, second = folders = (tmp_path / "first", tmp_path / "second")
    for folder in folders:
        folder.mkdir()
    assert missing_units(cluster, folders) == (), "not on a box of ours: nobody knows"
    (second / "hadaemon.service").touch()
    told = missing_units(cluster, folders)
    assert [each.partition(":")[0] for each in told] == ["follow.services[0].unit", "follow.services[1].unit"]
    (first / "openvpn-server@.service").touch()
    (told,) = missing_units(cluster, folders)
    assert "this firmware has no report.timer" in told
    (first / "report.timer").touch()
    assert missing_units(cluster, folders) == ()
