"""A plain Debian as a disk: what the boot of the board's image is measured beside.

The smallest system of the same Debian with the same kernel that boots to a login: systemd, udev, an initrd
as Debian's tools make it by default, ext4, GRUB for BIOS. It has no network, and the account `admin` is root
without a password, so that the lab can ask it: it is no appliance, and never leaves this machine.
"""

import shutil
from pathlib import Path

from firmware.build import plain as this
from firmware.build.boot import bios_loader
from firmware.build.context import Context
from firmware.build.debian import packages_layer
from firmware.build.disk import BIOS_BOOT, LINUX, MIB, Partition, bios_core_sector, write_disk
from firmware.build.ids import make_uuid
from firmware.build.layers import api_mounts, key_of, source_of
from firmware.build.mirror import SUITE, Mirror
from firmware.build.modules import kernel_release
from firmware.build.tools import bootstrap_options, package_cache_hooks

PACKAGES = (
    "systemd-sysv",
    "udev",
    "initramfs-tools",
    "busybox",
    "zstd",
    "dbus",
    "libpam-systemd",
    "login",
    "passwd",
)
"""Beside minbase and the kernel: what boots and lets one log in, with what these recommend for that."""
PARTITIONS = (
    Partition("bios-boot", 1 * MIB, BIOS_BOOT),
    Partition("root", 2048 * MIB, LINUX, "plain.ext4"),
)
GRUB = """\
linux /boot/vmlinuz-{release} root=UUID={uuid} ro quiet console=tty0 console=ttyS0,115200n8
initrd /boot/initrd.img-{release}
boot
"""
"""No menu and no countdown, of which Debian's would take five seconds."""


def make_plain_disk(context: Context) -> Path:
    """The raw disk image, as a cached layer. Nothing may write to it."""
    release = kernel_release(packages_layer(context))
    names = [*PACKAGES, f"linux-image-{release}"]
    key = key_of(names, SUITE, bootstrap_options(Mirror("", "")), source_of(this))
    what = f"plain Debian with the kernel {release}"
    folder = context.layers.ready("plain", key)
    if folder:
        context.progress.reused("plain", what)
    else:
        with context.progress.stage("plain", what):
            folder = context.layers.keep(_make_layer(context, names, release), "plain", key)
    return folder / "disk.img"


def _make_layer(context: Context, names: list[str], release: str) -> Path:
    tree = context.work / "plain"
    context.tools.run(
        *("eatmydata", "mmdebstrap", "--variant=minbase", *bootstrap_options(context.mirror)),
        *package_cache_hooks(context.cache / "packages"),
        f"--include={','.join(names)}",
        SUITE,
        tree,
        *context.mirror.source_lines(),
    )
    uuid = str(make_uuid(context, "plain"))
    _configure(context, tree, release, uuid)
    image = context.binaries / "plain.ext4"
    with image.open("wb") as file:
        file.truncate(PARTITIONS[-1].size)
    context.tools.run("mke2fs", "-q", "-t", "ext4", "-L", "plain", "-U", uuid, "-d", tree, image)
    loader = bios_loader(context, bios_core_sector(PARTITIONS), "(,gpt2)/boot/grub", "ext2")
    draft = context.layers.draft("plain")
    write_disk(context, draft / "disk.img", PARTITIONS, loader)
    shutil.rmtree(tree)
    return draft


def _configure(context: Context, tree: Path, release: str, uuid: str) -> None:
    files = {
        "etc/hostname": "plain\n",
        # Empty: the first boot makes one, and asks nobody.
        "etc/machine-id": "",
        "etc/resolv.conf": "",
        "etc/fstab": f"UUID={uuid} / ext4 errors=remount-ro 0 1\n",
        "boot/grub/grub.cfg": GRUB.format(release=release, uuid=uuid),
    }
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    with api_mounts(tree):
        account = ("--non-unique", "--uid=0", "--gid=0", "--home-dir=/root", "--shell=/bin/bash", "admin")
        context.tools.chroot(tree, "useradd", *account)
        context.tools.chroot(tree, "passwd", "--delete", "admin")
        context.tools.chroot(tree, "update-initramfs", "-c", "-k", release)
