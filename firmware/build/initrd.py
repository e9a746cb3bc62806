"""The initrd: programs with their libraries, the modules that find the disk, the files of `board/*/initrd`.

The kernel starts its `init`, which is the board's own: no udev, no general scripts, nothing that is not used.
"""

import re
import shutil
from pathlib import Path

from firmware.build.assemble import lay_over
from firmware.build.context import LAYER_EPOCH, Context
from firmware.build.modules import closure

PROGRAMS = ("sbin/blkid", "sbin/debugfs", "sbin/dmsetup", "sbin/e2fsck")
"""Below /usr of the root file system; all of them come to /usr/bin."""

BUSYBOX = "usr/bin/busybox"
"""The static one: its shell carries most of its own commands out itself, and starts no program for each."""

APPLETS = (
    *("cat", "chmod", "chown", "find", "fstrim", "grep", "ln", "mkdir", "modprobe", "mount", "mv"),
    *("readlink", "reboot", "rm", "sh", "sleep", "switch_root", "sync", "tr", "umount"),
)
"""What busybox is called as by the kernel, and by its shell for what that cannot do. Its modprobe needs
no library; kmod's brings 9 MB of them."""

MODULE_TABLES = ("modules.builtin", "modules.order")
"""What depmod reads."""

UNUSED_TABLES = ("modules.*.bin", "modules.symbols", "modules.order", "modules.softdep", "modules.weakdep")
"""What it writes, and busybox does not read."""

_LIBRARY = re.compile(r"(?:=> |^\s*)(/\S+) \(0x", re.MULTILINE)
"""A line of ldd: `libc.so.6 => /lib/…/libc.so.6 (0x…)`, or the loader, which has no arrow."""


def make_initrd(context: Context, root: Path, release: str, result: Path) -> None:
    """Gather it from the tree `root`, whose modules are not compressed any more, and pack it."""
    folder = context.work / "initrd"
    _lay_out(folder)
    for name in PROGRAMS:
        _copy_program(context, root, f"/usr/{name}", folder / "usr/bin")
    shutil.copy(root / BUSYBOX, folder / BUSYBOX)
    for name in APPLETS:
        (folder / "usr/bin" / name).symlink_to("busybox")
    _copy_modules(context, root / "usr/lib/modules" / release, folder)
    for board in context.board.folders:
        lay_over(board / "initrd", folder)
    (folder / "init").chmod(0o755)
    _pack(context, folder, result)


def _lay_out(folder: Path) -> None:
    for name in ("usr/bin", "usr/lib", "usr/lib64", "etc", "proc", "sys", "dev", "run", "root"):
        (folder / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (folder / name).symlink_to(f"usr/{name}")
    (folder / "sbin").symlink_to("usr/bin")


def _copy_program(context: Context, root: Path, program: str, place: Path) -> None:
    shutil.copy(root / program.lstrip("/"), place)
    for library in _LIBRARY.findall(context.tools.chroot(root, "ldd", program)):
        target = place.parents[1] / ("usr" + library if library.startswith("/lib") else library.lstrip("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / library.lstrip("/"), target)


def _copy_modules(context: Context, folder: Path, initrd: Path) -> None:
    place = initrd / "usr/lib/modules" / folder.name
    for path in sorted(closure(folder, context.board.initrd_modules)):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, place / path)
    for name in MODULE_TABLES:
        shutil.copyfile(folder / name, place / name)
    context.tools.run("depmod", "--basedir", initrd, folder.name)
    for pattern in UNUSED_TABLES:
        for table in place.glob(pattern):
            table.unlink()


def _pack(context: Context, folder: Path, result: Path) -> None:
    """Sorted, of root, and with one time: equal files make an equal archive."""
    context.tools.run(
        "sh",
        "-c",
        'find . -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} + && '
        "find . | LC_ALL=C sort | cpio --quiet --create --format=newc --owner=+0:+0 --reproducible | "
        'zstd -q -15 > "$1"',
        "sh",
        result,
        env={"SOURCE_DATE_EPOCH": str(LAYER_EPOCH)},
        cwd=folder,
    )
