"""The initrd's own script, where it can be asked without a machine: its functions, and what it calls."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.build.initrd import APPLETS, PROGRAMS

INITRD = Path(__file__).resolve().parents[3] / "board/common/initrd"
SCRIPTS = (INITRD / "init", *sorted((INITRD / "steps").iterdir()))
SECTOR = 512
BUILT_IN = {"echo", "read", "kill", "wait", "trap", "export", "exec", "exit", "return", "break", "true"}


def function(script: str, name: str) -> str:
    text = (INITRD / script).read_text()
    found = re.search(rf"^{name}\(\) \{{\n.*?^\}}\n", text, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[0]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_read(script: Path):
    subprocess.run(["sh", "-n", script], check=True)


def test_every_program_that_is_called_is_there():
    there = {*APPLETS, *(program.rpartition("/")[2] for program in PROGRAMS), *BUILT_IN}
    text = "\n".join(path.read_text() for path in SCRIPTS)
    own = set(re.findall(r"^([a-z_]+)\(\) \{", text, re.MULTILINE))
    words = "do|then|else|if|until|while|!"
    calls = rf"(?:^|\$\(|&& |\|\| |; )[ \t]*(?:(?:{words}) )*(?:[A-Z_]+=\S* )?([a-z_0-9]+)(?= [^=)]|$)"
    called = set(re.findall(calls, re.sub(r"#.*|'[^']*'|\"[^\"(]*\"", "", text), re.MULTILINE))
    keywords = {*words.split("|"), "for", "case", "esac", "done", "fi", "in"}
    assert {"mount", "dmsetup", "e2fsck", "modprobe"} <= called
    assert called - there - own - keywords == set()


def test_every_step_is_taken():
    steps = re.findall(r"^\. /steps/(\w+)$", (INITRD / "init").read_text(), re.MULTILINE)
    assert sorted(steps) == sorted(path.name for path in (INITRD / "steps").iterdir())


@pytest.mark.parametrize("rest,room", [(0, False), (4095, False), (4096, True), (10_000_000, True)])
def test_room_behind_the_data_partition_is_seen(tmp_path: Path, rest: int, room: bool):
    disk = tmp_path / "sda"
    (disk / "sda7").mkdir(parents=True)
    (disk / "sda7/start").write_text("2048\n")
    (disk / "sda7/size").write_text("100000\n")
    (disk / "size").write_text(f"{102048 + rest}\n")
    mark = tmp_path / "room"
    code = function("steps/data", "look_for_room").replace("/run/hotspare/room", str(mark))
    subprocess.run(["sh", "-c", f'{code} look_for_room "$1"', "sh", disk / "sda7"], check=True)
    assert mark.exists() is room


def test_the_disk_is_the_one_with_the_esp_that_grub_names(tmp_path: Path):
    """Two disks with the same labels: the number of the file system counts."""
    for device, label in (("vda2", "esp"), ("nvme0n1p2", "esp"), ("vda7", "data"), ("vda", "")):
        folder = tmp_path / "class" / device
        folder.mkdir(parents=True)
        name = f"PARTNAME={label}\n" if label else ""
        (folder / "uevent").write_text(f"MAJOR=254\nDEVNAME={device}\nDEVTYPE=partition\n{name}")
    blkid = tmp_path / "blkid"
    blkid.write_text("#!/bin/sh\ncase $6 in *nvme0n1p2) echo 1A2B-3C4D ;; *) echo 0000-0000 ;; esac\n")
    blkid.chmod(0o755)
    code = (INITRD / "steps/disk").read_text().replace("/sys/class/block", str(tmp_path / "class"))
    path = f"{tmp_path}:{Path(shutil.which('sh') or '/bin/sh').parent}"
    done = subprocess.run(
        ["sh", "-c", f"{code}\ndisks_with_esp 1A2B-3C4D; echo; partitions_named data"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path},
    )
    assert done.stdout.split() == ["/dev/nvme0n1p", "/dev/vda7"]


@pytest.mark.parametrize("discards", [True, False])
def test_a_factory_reset_deletes_all_and_takes_its_mark_away_at_the_end(tmp_path: Path, discards: bool):
    data, stubs = tmp_path / "data", tmp_path / "stubs"
    for name in (
        "state/forgotten",
        "state/identity/key",
        "var/log/journal/x",
        "home/admin/.profile",
        ".hidden",
    ):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    (data / "var/link").symlink_to("/etc")
    stubs.mkdir()
    fstrim = stubs / "fstrim"
    fstrim.write_text(f'#!/bin/sh\nls -A "$1" "$1/state" >"{tmp_path}/seen"\nexit {0 if discards else 1}\n')
    fstrim.chmod(0o755)
    code = function("steps/data", "forget_everything").replace("/dev/kmsg", str(tmp_path / "kmsg"))
    code += f'data="{data}"; feed_watchdog() {{ sleep 60; }}; set -e; forget_everything'
    path = f"{stubs}:/usr/bin:/bin"
    subprocess.run(["sh", "-c", code], check=True, env={"PATH": path})
    assert sorted(path.name for path in data.rglob("*")) == ["state"]
    assert (tmp_path / "seen").read_text().split() == [f"{data}:", "state", f"{data}/state:", "forgotten"]
    assert ("discards nothing" in (tmp_path / "kmsg").read_text()) is not discards
    assert Path("/etc").is_dir()
