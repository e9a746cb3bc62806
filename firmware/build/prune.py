"""What an appliance never uses goes: packages' leftovers, whole packages that only installed others, caches.

It also makes builds equal bit for bit: files that hold a time, a random number or something of the host go.
"""

import shutil
from pathlib import Path

BINARIES = "binaries"
"""The folder of the `system` layer that holds kernel, initrd and the table of packages."""

DROPPED_PACKAGES = (
    "adduser",
    "apt",
    "base-passwd",
    "busybox-static",
    "cpio",
    "debconf",
    "debian-archive-keyring",
    "dpkg",
    "dracut-install",
    "gettext-base",
    "init-system-helpers",
    "initramfs-tools-bin",
    "initramfs-tools-core",
    "klibc-utils",
    "libapt-pkg7.0",
    "libdpkg-perl",
    "libfreetype6",
    "libklibc",
    "libpng16-16t64",
    "linux-base",
    "perl-base",
    "sensible-utils",
    "sqv",
    "ucf",
    "zstd",
)
"""Packages that serve to install or to build: their files go, whatever says that it depends on them."""

KEPT_OF_GRUB = "usr/bin/grub-editenv"

REMOVED = (
    "boot/*",
    "dev/*",
    "etc/.pwd.lock",
    "etc/*-",
    "etc/apt",
    "etc/cron.*",
    "etc/default/grub*",
    "etc/dpkg",
    "etc/fstab",
    "etc/grub.d",
    "etc/hostname",
    "etc/init.d",
    "etc/issue*",
    "etc/initramfs-tools",
    "etc/kernel",
    "etc/machine-id",
    "etc/motd",
    "etc/rc?.d",
    "etc/resolv.conf",
    "etc/ssh/ssh_host_*",
    "etc/systemd/system/*.target.wants",
    "etc/systemd/system/*.service.wants",
    "etc/systemd/system/*.socket.wants",
    "etc/systemd/system/*.service",
    "etc/update-motd.d",
    "initrd.img*",
    "root/.*",
    "run/*",
    "tmp/*",
    "usr/lib/binfmt.d/*",
    "usr/lib/dracut",
    "usr/lib/grub*",
    "usr/lib/kernel/*.d",
    # Programs that look at each start for what is not here: partitions by their kinds, a TPM, scripts of
    # System V, images to come back from, units and shells from outside.
    *(
        f"usr/lib/systemd/system-generators/systemd-{name}-generator"
        for name in (
            *(
                "debug",
                "gpt-auto",
                "hibernate-resume",
                "rc-local",
                "run",
                "ssh",
                "system-update",
                "sysv",
                "tpm2",
            ),
        )
    ),
    "usr/lib/python3*/test",
    "usr/lib/python3*/**/ensurepip",
    "usr/lib/python3*/**/idlelib",
    "usr/lib/python3*/**/lib2to3",
    "usr/lib/python3*/**/pydoc_data",
    "usr/lib/python3*/**/tkinter",
    "usr/lib/python3*/**/turtledemo",
    # Names of devices for people, and drivers' quirks of input devices.
    "usr/lib/udev/hwdb.*",
    # Character sets other than the ones that glibc has built in (UTF-8 is).
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/share/bug",
    "usr/share/debconf",
    "usr/share/fish",
    "usr/share/grub",
    "usr/share/icons",
    "usr/share/initramfs-tools",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/perl5",
    "usr/share/pixmaps",
    "usr/share/vim",
    "usr/share/zsh",
    "var/cache/*",
    "var/backups",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/lib/grub",
    "var/lib/initramfs-tools",
    "var/lib/systemd/deb-systemd-helper-*",
    "var/lib/ucf",
    "var/log/*",
    "vmlinuz*",
)

NEVER_STARTED = (
    # Of an initrd by systemd, of a first boot that asks, and of a root that is no squashfs.
    "initrd-*",
    "initrd.target*",
    "systemd-bsod.service",
    "systemd-firstboot.service",
    "systemd-machine-id-commit.service",
    "systemd-remount-fs.service",
    "systemd-volatile-root.service",
    # What is made when the image is built: accounts, devices, caches, indexes.
    "kmod-static-nodes.service",
    "ldconfig.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-sysusers.service",
    "systemd-tmpfiles-setup-dev*.service",
    "systemd-update-done.service",
    # What an appliance does not have: passwords of disks, a TPM's measurements, extensions, sleep, quotas,
    # programs of other processors, the kernel's inner file systems, a shell without a password.
    "debug-shell.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "getty-static.service",
    "modprobe@.service",
    "proc-sys-fs-binfmt_misc.*",
    "quotaon*",
    "rc-local.service",
    "run-lock.mount",
    "sys-*.mount",
    "systemd-ask-password-*",
    "systemd-battery-check.service",
    "systemd-binfmt.service",
    "systemd-confext*",
    "systemd-creds*",
    "systemd-hibernate*",
    "systemd-hybrid-sleep.service",
    "systemd-initctl.*",
    "systemd-journald-audit.socket",
    "systemd-network-generator.service",
    "systemd-networkd-persistent-storage.service",
    "systemd-pcr*",
    "systemd-quotacheck*",
    "systemd-repart.service",
    "systemd-suspend*",
    "systemd-sysext*",
    "systemd-tpm2-*",
    "systemd-udev-load-credentials.service",
    "systemd-udev-settle.service",
)
"""Units of Debian's, by name: a start reads each unit that another one names, and takes its time for it."""

CHECKED_PYC, UNCHECKED_PYC = 0b11, 0b01
"""PEP 552: the flags of byte code that is found by its source's hash, and whether the source is looked at."""


def prune(root: Path) -> None:
    """Remove all of it. The table of packages must have been read before."""
    for package in DROPPED_PACKAGES:
        _remove_package(root, package)
    _remove_grub(root)
    for pattern in REMOVED:
        for path in sorted(root.glob(pattern)):
            if path.name not in {".", ".."}:
                _remove(path)
    for pattern in NEVER_STARTED:
        for folder in ("", "*.wants/", "*.requires/"):
            for path in sorted(root.glob(f"usr/lib/systemd/system/{folder}{pattern}")):
                _remove(path)
    _trust_byte_code(root / "usr/lib")


def package_table(root: Path) -> str:
    """Every installed package, one a line: name, version, size in KiB, source, whether its files stay."""
    rows = []
    for stanza in (root / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status", "").endswith(" installed"):
            name = fields["Package"]
            kept = "dropped" if name in DROPPED_PACKAGES else "kept"
            source = fields.get("Source", name)
            rows.append("\t".join((name, fields["Version"], fields.get("Installed-Size", "0"), source, kept)))
    return "".join(f"{row}\n" for row in sorted(rows))


def _package_files(root: Path, package: str) -> list[Path]:
    lists = [root / "var/lib/dpkg/info" / f"{package}{suffix}.list" for suffix in ("", ":amd64")]
    names = [line for path in lists if path.exists() for line in path.read_text().splitlines()]
    return [root / name.lstrip("/") for name in names if name != "/."]


def _remove_package(root: Path, package: str) -> None:
    """Remove a package's files; folders that others use too stay. Its licence stays."""
    files = [path for path in _package_files(root, package) if "usr/share/doc" not in str(path)]
    for path in sorted(files, reverse=True):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _remove_grub(root: Path) -> None:
    """Of GRUB the running system only edits the environment block."""
    for path in _package_files(root, "grub-common"):
        if path.is_file() and "usr/share/doc" not in str(path) and not str(path).endswith(KEPT_OF_GRUB):
            path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _trust_byte_code(folder: Path) -> None:
    """The root is sealed by verity: reading each source again to check its hash would only cost time."""
    for path in sorted(folder.rglob("*.pyc")):
        with path.open("r+b") as file:
            header = file.read(16)
            if header[4] == CHECKED_PYC:
                file.seek(4)
                file.write(bytes([UNCHECKED_PYC]))
