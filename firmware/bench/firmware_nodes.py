"""What `bench firmware` updates: two builds, and nodes that have them as files."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from firmware import paths
from firmware.build.image import build_image
from firmware.build.options import BuildOptions, BuildResult
from firmware.lab.node import Node

OLD, NEW = "1.0.0", "1.0.1"
BOOT_SECONDS = 400.0
SECONDS = 600.0
"""For anything else but an upgrade of the pair."""
_PACKAGE = Path("usr/local/lib/python3.13/dist-packages/hadaemon")
"""Of the image."""
_EDITED = 10
"""Every tenth file of hadaemon is edited."""
_EDIT = "\n\ndef _added_by_the_benchmark(number: int) -> int:\n    return number + {number}\n"

TIMED = """\
begin() { sync; echo 3 >/proc/sys/vm/drop_caches; mark=$(date +%s%N); }
end() { echo "$1 $(($(date +%s%N) - mark))"; }
"""
"""For scripts in a node, whose output `seconds` reads."""


@dataclass(frozen=True, slots=True)
class Builds:
    """Two builds of which the second one has edits in hadaemon."""

    old: BuildResult
    new: BuildResult
    edited: int
    files: int

    def __str__(self) -> str:
        """How they differ."""
        files = f"{self.edited} of its {self.files} files have a function more"
        return f"{NEW} differs from {OLD} in hadaemon alone: {files}."

    @property
    def drives(self) -> tuple[str, ...]:
        """QEMU's arguments for both bundles as disks."""
        return (*_drive("old", self.old.bundle), *_drive("new", self.new.bundle))


def make_builds() -> Builds:
    """Builds both."""
    old = build_image(BuildOptions(version=OLD))
    files = sorted((paths.ROOT / "hadaemon").rglob("*.py"))
    chosen = [path for path in files if path.name != "__init__.py"][::_EDITED]
    with tempfile.TemporaryDirectory(prefix="hotspare-bench-") as folder:
        for number, path in enumerate(chosen):
            place = Path(folder) / _PACKAGE / path.relative_to(paths.ROOT / "hadaemon")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(path.read_text() + _EDIT.format(number=number))
        new = build_image(BuildOptions(version=NEW, overlay=Path(folder)))
    return Builds(old, new, len(chosen), len(files))


def start(*nodes: Node) -> None:
    """The first one is active, and each has a copy of what it runs in its second slot."""
    for node in nodes:
        node.power_on()
    for node, state in zip(nodes, ("active", "backup"), strict=False):
        node.wait_for_state(state, BOOT_SECONDS)
    for node in nodes:
        node.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", BOOT_SECONDS, root=True)


def copy_in(node: Node, name: str, build: BuildResult) -> None:
    """From the disk of that name into /data, as if an administrator had copied it there."""
    node.run(
        f"dd if=/dev/disk/by-id/virtio-{name} of=/data/{name}.raucb bs=1M status=none && "
        f"truncate -s {build.bundle.stat().st_size} /data/{name}.raucb && sync",
        root=True,
        seconds=SECONDS,
    )


def timed(node: Node, script: str) -> tuple[dict[str, float], str]:
    """Runs it as root. The seconds by the words before them, in their order; and all that it said."""
    output = node.run(TIMED + script, root=True, seconds=SECONDS).output
    found = re.findall(r"^(\w[^\n]*?) (\d{6,})\r?$", output, re.MULTILINE)
    return {words: int(nanoseconds) / 1e9 for words, nanoseconds in found}, output


def _drive(name: str, bundle: Path) -> tuple[str, ...]:
    backend = f"if=none,id={name},file={bundle},format=raw,read-only=on"
    return ("-drive", backend, "-device", f"virtio-blk-pci,drive={name},serial={name}")
