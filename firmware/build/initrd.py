"""The initrd: Debian's initramfs-tools with a module list and the scripts of `board/*/initramfs`."""

import shutil
from pathlib import Path

from firmware.build.context import LAYER_EPOCH, Context

SETTINGS = """\
MODULES=list
BUSYBOX=y
KEYMAP=n
COMPRESS=zstd
COMPRESSLEVEL=12
BOOT=local
DEVICE=
RUNSIZE=10%
FSTYPE=squashfs
"""


def make_initrd(context: Context, root: Path, release: str, result: Path) -> None:
    """Run mkinitramfs in the tree, with the initramfs folders of common and board as its configuration."""
    settings = root / "run/initramfs"
    for folder in context.board.folders:
        if (folder / "initramfs").is_dir():
            shutil.copytree(folder / "initramfs", settings, dirs_exist_ok=True)
    (settings / "initramfs.conf").write_text(SETTINGS)
    (settings / "modules").write_text("")
    (settings / "hotspare-modules").write_text(
        "".join(f"{entry.name}\n" for entry in context.board.initrd_modules)
    )
    for script in [*settings.glob("hooks/*"), *settings.glob("scripts/*/*")]:
        script.chmod(0o755)
    context.tools.chroot(
        root,
        "mkinitramfs",
        "-d",
        "/run/initramfs",
        "-o",
        "/run/initrd.img",
        release,
        env={"SOURCE_DATE_EPOCH": str(LAYER_EPOCH), "TMPDIR": "/run"},
    )
    shutil.copyfile(root / "run/initrd.img", result)
