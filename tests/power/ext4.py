"""The data partition after a power cut: its journal replayed as at the next start, then checked and read.

Everything happens on a copy, with e2fsck and debugfs.
"""

from pathlib import Path

from tests.power.errors import Fault
from tests.power.programs import output, run

_REPAIRED_AT_BOOT = 1
"""Exit status of e2fsck -p, which the initrd runs: mended, and the node starts. From 4 on it does not."""

_TORN = b"Superblock checksum does not match"
"""The initrd then has the sum made anew, and checks everything."""


def check(image: Path) -> None:
    """As the initrd does, then every structure. The image is changed. Raises Fault."""
    first = run("e2fsck", "-p", image)
    if _TORN in first.stderr:
        run("debugfs", "-w", "-n", "-R", "set_super_value mnt_count 1", image)
        first = run("e2fsck", "-f", "-p", image)
    if first.returncode > _REPAIRED_AT_BOOT:
        raise Fault(f"e2fsck -p at the start would give up: {output(first)}", "data partition")
    # What this one mends is no damage: the mark of a file system that was mounted, and files without a name
    # that were open. Anything else it leaves to the next one to find.
    second = run("e2fsck", "-f", "-p", image)
    third = run("e2fsck", "-f", "-n", image)
    if second.returncode > _REPAIRED_AT_BOOT or third.returncode:
        raise Fault(f"is not whole after its journal was replayed: {output(second, third)}", "data partition")


def extract(image: Path, folders: tuple[str, ...], target: Path) -> None:
    """Copies whole folders out of a file system that is whole. Raises Fault."""
    commands = target.with_name("debugfs.commands")
    commands.write_text("".join(f"rdump {folder} {target}\n" for folder in folders))
    done = run("debugfs", "-f", commands, image)
    if done.returncode:
        raise Fault(f"cannot be read: {output(done)}", "data partition")
