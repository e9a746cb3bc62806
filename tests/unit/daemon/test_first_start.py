"""conntrackd's first start: by the file that the daemon writes, with nobody who asks for it."""

from pathlib import Path

from firmware.paths import ROOT
from hadaemon.daemon.services.conntrack import CONFIGURATION

SYSTEMD = ROOT / "rootfs-overlay/usr/lib/systemd"
RUN = Path("/run/hadaemon")
"""Of a booted node: hadaemon.service's runtime folder."""


def test_the_service_manager_waits_for_what_the_daemon_writes_and_conntrackd_reads():
    file = RUN / CONFIGURATION
    assert f"PathExists={file}\n" in (SYSTEMD / "system/hotspare-conntrackd.path").read_text()
    assert f"conntrackd -C {file}\n" in (SYSTEMD / "system/hotspare-conntrackd.service").read_text()


def test_it_waits_from_the_start_on():
    preset = (SYSTEMD / "system-preset/00-hotspare.preset").read_text().splitlines()
    assert "enable hotspare-conntrackd.path" in preset
