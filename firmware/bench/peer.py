"""The peer: mkosi of Debian 13, in a tree of its own, building an image of the same packages.

It is given the advantage: its image has no boot loader, no second slot, no verity tree and no bundle.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from firmware.build import sandbox
from firmware.build.board import Board
from firmware.build.mirror import COMPONENTS, KEYRING, SUITE, Mirror
from firmware.build.tools import bootstrap_options, environment, package_cache_hooks
from firmware.errors import FirmwareError

PACKAGES = (
    *("mkosi", "apt", "bubblewrap", "cpio", "debian-archive-keyring", "dosfstools", "e2fsprogs", "kmod"),
    *("mtools", "openssl", "python3", "squashfs-tools", "systemd", "systemd-repart", "udev", "util-linux"),
    *("xz-utils", "zstd"),
)

CONFIGURATION = """\
[Distribution]
Distribution=debian
Release={suite}
Mirror={mirror}
Repositories=main,non-free-firmware

[Output]
Format=disk
OutputDirectory=/w/out

[Build]
BuildSources=
SandboxTrees=/w/sandbox
CacheDirectory=/w/cache
PackageCacheDirectory=/w/cache
WorkspaceDirectory=/w
Incremental=yes

[Content]
Bootable=no
WithRecommends=no
ExtraTrees=/w/extra:/usr/local/lib/python3.13/dist-packages
Packages={packages}
"""

SOURCES = """\
Types: deb
URIs: {main}
Suites: {suite} {suite}-updates
Components: {components}
Signed-By: {keyring}

Types: deb
URIs: {security}
Suites: {suite}-security
Components: {components}
Signed-By: {keyring}
"""

ENTER = """\
set -e
cd {tree}
mount --bind . .
cd {tree}
mount --rbind /dev dev
mount -t proc proc proc
mount --rbind /sys sys
for file in resolv.conf hosts; do
  rm -f etc/$file; touch etc/$file; mount --bind $(readlink -f /etc/$file) etc/$file
done
exec chroot . sh -c 'cd /w && exec mkosi {arguments} build'
"""


class Mkosi:
    """mkosi in its tree below `folder`."""

    def __init__(self, folder: Path, packages: Path, mirror: Mirror) -> None:
        self._tree = folder / "mkosi"
        self._log = folder / "mkosi.log"
        self._packages = packages
        self._mirror = mirror
        self.image = self._tree / "w/out/image.raw"
        self.extra = self._tree / "w/extra"

    def prepare(self, board: Board, hadaemon: Path) -> None:
        """Make the tree if it is missing, and the configuration for a board's packages."""
        if not (self._tree / "usr/bin/mkosi").exists():
            self._in_namespaces(shlex.join(["rm", "-rf", str(self._tree)]))
            self._in_namespaces(shlex.join(self._bootstrap()))
        mirror = self._mirror
        names = "".join(f"\n        {entry.name}" for entry in board.packages)
        sources = SOURCES.format(
            main=mirror.main, security=mirror.security, suite=SUITE, components=COMPONENTS, keyring=KEYRING
        )
        files = {
            "mkosi.conf": CONFIGURATION.format(suite=SUITE, mirror=mirror.main, packages=names),
            "sandbox/etc/apt/sources.list.d/mkosi.sources": sources,
        }
        self._in_namespaces(f"cd {shlex.quote(str(self._tree))}; mkdir -p w; chmod 0777 w")
        for name, text in files.items():
            path = self._tree / "w" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self._tree / "w/cache").mkdir(exist_ok=True)
        (self._tree / "w/out").mkdir(exist_ok=True)
        shutil.copytree(hadaemon, self.extra / "hadaemon", dirs_exist_ok=True)

    def build(self, *, cold: bool) -> None:
        """Build; cold keeps the downloaded packages alone."""
        arguments = "-ff" if cold else "-f"
        self._in_namespaces(ENTER.format(tree=shlex.quote(str(self._tree)), arguments=arguments))

    def _bootstrap(self) -> list[str]:
        return [
            *("mmdebstrap", "--variant=apt", *bootstrap_options(self._mirror)),
            *package_cache_hooks(self._packages),
            *(f"--include={','.join(PACKAGES)}", SUITE, str(self._tree), *self._mirror.source_lines()),
        ]

    def _in_namespaces(self, script: str) -> None:
        with self._log.open("ab") as log:
            done = subprocess.run(
                [*sandbox.namespace_command(), "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**environment(), "PATH": f"{os.environ['PATH']}:{sandbox.SYSTEM_PATH}"},
                check=False,
            )
        if done.returncode != 0:
            raise FirmwareError("the peer (mkosi) failed", where=str(self._log), todo="its log tells why")
