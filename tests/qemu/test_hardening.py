"""What the appliance does not do: keep what it was told once, leave its disk unused, be swapped out."""

import pytest

from firmware.lab.lab import Lab

NODES = ["alpha", "beta"]


def test_the_daemon_runs_in_real_time_and_is_never_swapped_out(quiet_pair: Lab) -> None:
    alpha = quiet_pair.node("alpha")
    pid = alpha.status()["pid"]
    scheduling = alpha.run(f"chrt --pid {pid}", root=True).output
    assert "SCHED_RR" in scheduling
    locked = alpha.run(f"grep VmLck /proc/{pid}/status", root=True).output
    assert int(locked.split()[1]) > 0


def test_a_used_preseed_is_renamed_and_keeps_no_secret(quiet_pair: Lab) -> None:
    output = (
        quiet_pair.node("alpha")
        .run(
            "mkdir -p /run/stick && mount -o ro /dev/disk/by-label/HOTSPARE /run/stick && "
            "ls /run/stick && cat /run/stick/*; umount /run/stick",
            root=True,
        )
        .output
    )
    assert output.splitlines()[0] == "preseed-used-alpha.toml"
    assert "$6$" not in output


def test_a_write_protected_preseed_is_used_once_all_the_same(quiet_pair: Lab) -> None:
    beta = quiet_pair.node("beta")
    listing = beta.run(
        "mkdir -p /run/stick && mount -o ro /dev/disk/by-label/HOTSPARE /run/stick && "
        "ls /run/stick; umount /run/stick",
        root=True,
    ).output
    assert listing.split() == ["preseed.toml"]
    before = beta.run("stat -c %y /data/state/node.toml", root=True).output
    beta.run("systemctl restart hotspare-setup.service", root=True)
    assert beta.run("stat -c %y /data/state/node.toml", root=True).output == before


@pytest.mark.parametrize("name", NODES)
def test_the_data_partition_has_grown(quiet_pair: Lab, name: str) -> None:
    size = int(quiet_pair.node(name).run("df --output=size -m /data | tail -1").output)
    assert size > 2000, "the disk has 4 GiB, and the image 256 MiB for data"


@pytest.mark.parametrize("name", NODES)
def test_everything_is_running(quiet_pair: Lab, name: str) -> None:
    assert quiet_pair.node(name).run("systemctl --failed --plain --no-legend").output.strip() == ""
