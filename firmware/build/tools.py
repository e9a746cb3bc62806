"""The tools tree: a small Debian system with every image tool, so that the host's versions do not matter."""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from firmware.build import layers
from firmware.build.commands import run
from firmware.build.layers import LayerCache
from firmware.build.mirror import SUITE, Mirror
from firmware.build.progress import Progress

PACKAGES = (
    "cpio",
    "cryptsetup-bin",
    "debian-archive-keyring",
    "dosfstools",
    "e2fsprogs",
    "eatmydata",
    "fdisk",
    "grub-common",
    "grub-efi-amd64-bin",
    "grub-pc-bin",
    "kmod",
    "mmdebstrap",
    "mtools",
    "openssl",
    "patchelf",
    "python3-minimal",
    "rauc",
    "squashfs-tools",
    "xz-utils",
    "zstd",
)

HOST_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs")
"""What a package download needs to know of the host's network."""

FIXED_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "PYTHONHASHSEED": "0",
    # Makes of the initrd and host keys while packages are configured would be thrown away.
    "INITRD": "No",
}

APART = ("unshare", "--mount", "--propagation=private")
"""Before a command: what it mounts, unmounts or makes private is its own. mmdebstrap does all of that."""

_PASSED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Tools:
    """The mounted tools tree; `run` runs a program in it, on the host's paths of checkout and cache."""

    def __init__(self, root: Path, progress: Progress) -> None:
        self._root = root
        self._progress = progress

    def run(
        self,
        *command: str | Path,
        env: Mapping[str, str] | None = None,
        feed: Iterable[bytes | memoryview] = (),
        cwd: Path | None = None,
    ) -> str:
        """Run a program of the tools tree and return its standard output; it also goes to the stage's log."""
        folder = ["env", f"--chdir={cwd}"] if cwd else []
        words = [*APART, "chroot", str(self._root), *folder, *map(str, command)]
        return run(words, self._progress.log, env=environment(env), feed=feed)

    def read(self, name: str) -> bytes:
        """The content of a file of the tools tree."""
        return (self._root / name).read_bytes()

    def chroot(self, tree: Path, *command: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Run a program of another tree in that tree (the image's own Python, for one)."""
        return run(["chroot", str(tree), *map(str, command)], self._progress.log, env=environment(env))

    def host(self, *command: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Run a program of the host (pip, with the host's own settings)."""
        return run([str(word) for word in command], self._progress.log, env={**os.environ, **(env or {})})


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every tool: nothing of the host's but its proxies."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {**FIXED_ENVIRONMENT, **passed, **(extra or {})}


def bootstrap_options(mirror: Mirror) -> list[str]:
    """What every call of mmdebstrap here has in common."""
    excluded = ("man", "locale", "info", "lintian", "doc-base", "bug")
    return [
        "--mode=root",
        "--format=directory",
        "--architectures=amd64",
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in excluded),
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        # The licences' terms want these to come along.
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Retries "2"',
        *(f"--aptopt={option}" for option in mirror.apt_options),
        "--skip=cleanup/apt/cache",
    ]


def package_cache_hooks(packages: Path) -> list[str]:
    """mmdebstrap options that keep downloaded packages in the cache between builds."""
    archives = '"$1/var/cache/apt/archives"'
    (packages / "partial").mkdir(parents=True, exist_ok=True)
    return [
        f"--setup-hook=mkdir -p {archives}; mount --bind '{packages}' {archives}",
        f"--customize-hook=umount {archives}",
    ]


def prepare_tools(
    cache: Path, work: Path, mirror: Mirror, progress: Progress, stack: ExitStack, shared: tuple[Path, ...]
) -> Tools:
    """The tools tree, made if it is missing, mounted with `shared` folders at their own paths."""
    store = LayerCache(cache / "layers", work)
    key = layers.key_of(PACKAGES, SUITE, bootstrap_options(Mirror("", "")))
    tree = store.ready("tools", key)
    if tree is None:
        with progress.stage("tools", f"Debian {SUITE} tools tree"):
            tree = store.keep(
                _make_tree(store.draft("tools"), cache / "packages", mirror, progress), "tools", key
            )
    else:
        progress.reused("tools", f"Debian {SUITE} tools tree")
    # An overlay: whatever a tool writes outside of the shared folders is gone with the build.
    root = stack.enter_context(layers.overlay([tree], work / "tools-changes", work / "tools"))
    layers.bind(Path("/proc"), root / "proc")
    layers.bind(Path("/sys"), root / "sys")
    layers.bind(Path("/dev"), root / "dev")
    for name in HOST_FILES:
        if Path(name).exists():
            target = root / name.lstrip("/")
            if target.is_symlink():
                target.unlink()
            layers.bind(Path(name).resolve(), target, read_only=True)
    for folder in shared:
        layers.bind(folder, root / folder.relative_to("/"))
    return Tools(root, progress)


def _make_tree(tree: Path, packages: Path, mirror: Mirror, progress: Progress) -> Path:
    shutil.rmtree(tree)
    run(
        [
            *APART,
            "mmdebstrap",
            "--variant=apt",
            *bootstrap_options(mirror),
            *package_cache_hooks(packages),
            f"--include={','.join(PACKAGES)}",
            SUITE,
            str(tree),
            *mirror.source_lines(),
        ],
        progress.log,
        env=environment(),
    )
    return tree
