"""The Debian engine: fills TARGET_DIR from packages and puts kernel and initrd into BINARIES_DIR.

Two cached layers. `packages` is the tree as mmdebstrap makes it; `system` lies over it and holds what a board
changes: allow-listed kernel modules and firmware, the initrd, and the removal of what is never used.
"""

import shutil
from pathlib import Path

from firmware.build import initrd, libbpf, modules, prune
from firmware.build.board import Board
from firmware.build.context import LAYER_EPOCH, Context
from firmware.build.layers import api_mounts, key_of, overlay, source_of, tree_hash
from firmware.build.mirror import SUITE, Mirror
from firmware.build.tools import bootstrap_options, package_cache_hooks

ACCOUNTS = (
    ("systemd-journal", 999, None),
    ("systemd-network", 998, "/"),
    ("messagebus", 997, "/nonexistent"),
    ("input", 996, None),
    ("sgx", 995, None),
    ("clock", 994, None),
    ("kvm", 993, None),
    ("render", 992, None),
    ("sshd", 991, "/run/sshd"),
    ("_ssh", 990, None),
    ("haproxy", 989, "/var/lib/haproxy"),
    ("tcpdump", 988, "/nonexistent"),
    ("dnsmasq", 987, "/var/lib/misc"),
)
"""Accounts that packages would else number in the order they come: name, id, home (None: only a group).

Files on the data partition are owned by number, so a number must mean the same in every image to come.
"""

HOST_KEYS = ("rsa", "ecdsa", "ed25519")


def fill_target(context: Context) -> list[Path]:
    """The layers of the root file system, topmost first, made where they are missing."""
    packages = packages_layer(context)
    system = _system_layer(context, packages)
    shutil.copytree(system / prune.BINARIES, context.binaries, dirs_exist_ok=True)
    return [system / "root", packages]


def packages_layer(context: Context) -> Path:
    """The tree of the board's packages as they are installed."""
    board = context.board
    names = sorted(entry.name for entry in board.packages)
    key = key_of(names, SUITE, _essential_hook(), bootstrap_options(Mirror("", "")))
    what = f"{len(names)} chosen packages and what they need"
    if ready := context.layers.ready("packages", key):
        context.progress.reused("packages", what)
        return ready
    with context.progress.stage("packages", what):
        return context.layers.keep(_bootstrap(context, names), "packages", key)


def _bootstrap(context: Context, names: list[str]) -> Path:
    tree = context.layers.draft("packages")
    tree.rmdir()
    hook = context.work / "essential-hook.sh"
    hook.write_text(_essential_hook())
    hook.chmod(0o755)
    context.tools.run(
        "eatmydata",
        "mmdebstrap",
        "--variant=essential",
        *bootstrap_options(context.mirror),
        *package_cache_hooks(context.cache / "packages"),
        f"--essential-hook={hook}",
        f"--include={','.join(names)}",
        SUITE,
        tree,
        *context.mirror.source_lines(),
        env={"SOURCE_DATE_EPOCH": str(LAYER_EPOCH)},
    )
    return tree


def _essential_hook() -> str:
    """Before the chosen packages come: fixed account numbers, and no host keys made in vain."""
    lines = ["#!/bin/sh", "set -e", 'cd "$1/etc"', "mkdir -p ssh"]
    for name, number, home in ACCOUNTS:
        lines.append(f"echo '{name}:x:{number}:' >> group")
        if home is not None:
            lines.append(f"echo '{name}:x:{number}:{number}::{home}:/usr/sbin/nologin' >> passwd")
            lines.append(f"if test -e shadow; then echo '{name}:!:1::::::' >> shadow; fi")
    lines += [f"touch ssh/ssh_host_{kind}_key ssh/ssh_host_{kind}_key.pub" for kind in HOST_KEYS]
    return "\n".join(lines) + "\n"


def _system_layer(context: Context, packages: Path) -> Path:
    board = context.board
    what = f"kernel modules, initrd and pruning for {board.name}"
    key = key_of(
        packages.name,
        _module_inputs(board),
        [tree_hash(folder / "initrd") for folder in board.folders],
        source_of(initrd, libbpf, modules, prune),
    )
    if ready := context.layers.ready("system", key):
        context.progress.reused("system", what)
        return ready
    with context.progress.stage("system", what):
        draft = context.layers.draft("system")
        with overlay([packages], draft / "root", context.work / "system") as root:
            _reduce(context, root, draft / prune.BINARIES)
        return context.layers.keep(draft, "system", key)


def _module_inputs(board: Board) -> list[list[str]]:
    return [
        [entry.name for entry in entries] for entries in (board.modules, board.initrd_modules, board.firmware)
    ]


def _reduce(context: Context, root: Path, binaries: Path) -> None:
    """Turn the packages' tree into the appliance's: nothing in here depends on the checkout's other files."""
    binaries.mkdir()
    release = modules.kernel_release(root)
    modules.keep_modules(root, release, context.board)
    modules.unpack_modules(context.tools, root, release)
    modules.keep_firmware(root, context.board)
    with api_mounts(root):
        initrd.make_initrd(context, root, release, binaries / "initrd.img")
    shutil.move(root / "boot" / f"vmlinuz-{release}", binaries / "vmlinuz")
    (binaries / "packages.tsv").write_text(prune.package_table(root))
    prune.prune(root)
    libbpf.set_apart(context.tools, root)
