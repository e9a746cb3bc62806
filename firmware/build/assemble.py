"""TARGET_DIR: what is laid over an engine's root file system, the same for every engine.

Overlays, the locked Python packages, hadaemon, accounts and presets, then the board's post-build hooks.
"""

import re
import shutil
import sys
from pathlib import Path

from firmware.build import hooks
from firmware.build.context import LAYER_EPOCH, Context
from firmware.build.followable import check_followable
from firmware.build.layers import api_mounts, key_of
from firmware.build.set_id import drop_set_id
from firmware.errors import FirmwareError

PYTHON_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "tests")


def assemble(context: Context) -> None:
    """Fill the mounted TARGET_DIR."""
    target = context.target
    for folder in (context.root, *context.board.folders):
        lay_over(folder / "rootfs-overlay", target)
    packages = target / "usr/local/lib" / python_folder(target) / "dist-packages"
    packages.mkdir(parents=True, exist_ok=True)
    install_python_packages(context, packages)
    shutil.copytree(context.root / "hadaemon", packages / "hadaemon", ignore=PYTHON_IGNORED)
    examples = target / "usr/share/doc/hotspare/setups"
    examples.mkdir(parents=True)
    lay_over(context.root / "docs/setups", examples)
    if context.options.overlay:
        lay_over(context.options.overlay, target)
    write_identity(context)
    write_static_nodes(target)
    with api_mounts(target):
        configure(context)
        compile_python(context, packages / "hadaemon")
        compile_data_classes(context)
    hooks.run_hooks(context, "post-build.sh", context.target)
    check_followable(target)
    drop_set_id(target, context.board.set_id)
    seal_off(target)


def lay_over(overlay: Path, target: Path) -> None:
    """Copy an overlay's files; every file gets root as its owner and the mode 0755 or 0644 by its x bit.

    What git does not keep (owners, group and other bits) must not depend on whose checkout it is.
    """
    for path in sorted(overlay.rglob("*")):
        place = target / path.relative_to(overlay)
        if path.is_symlink():
            place.unlink(missing_ok=True)
            place.symlink_to(path.readlink())
        elif path.is_dir():
            place.mkdir(mode=0o755, exist_ok=True)
        elif path.name != ".gitkeep" and "__pycache__" not in path.parts:
            place.unlink(missing_ok=True)
            shutil.copyfile(path, place)
            place.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def python_folder(target: Path) -> str:
    """The folder name of the image's Python, such as `python3.13`."""
    names = sorted(path.name for path in (target / "usr/lib").glob("python3.*"))
    if not names:
        raise FirmwareError("the image has no Python", where="board/common/packages", todo="add python3")
    return names[-1]


def install_python_packages(context: Context, place: Path) -> None:
    """Unpack and compile the wheels of requirements/image.txt; the result is a layer for later builds."""
    requirements = context.root / "requirements/image.txt"
    python = python_folder(context.target)
    key = key_of(requirements.read_text(), python, "without scripts")
    if ready := context.layers.ready("python", key):
        shutil.copytree(ready, place, dirs_exist_ok=True)
        return
    context.tools.host(
        *(
            sys.executable,
            "-P",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-compile",
            "--no-deps",
            "--no-cache-dir",
        ),
        *("--require-hashes", "--only-binary=:all:", f"--python-version={python.removeprefix('python')}"),
        *(f"--target={place}", f"--requirement={requirements}"),
    )
    forget_scripts(place)
    with api_mounts(context.target):
        compile_python(context, place)
    draft = context.layers.draft("python")
    shutil.copytree(place, draft, dirs_exist_ok=True)
    context.layers.keep(draft, "python", key)


def forget_scripts(place: Path) -> None:
    """Take the packages' commands away, and what is recorded of them.

    They begin with the path of the Python that pip runs in, and so do the hashes of them in the records: the
    image would depend on where it was built.
    """
    shutil.rmtree(place / "bin", ignore_errors=True)
    for record in place.glob("*.dist-info/RECORD"):
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join(line for line in lines if not line.startswith("../../bin/")))


def compile_python(context: Context, folder: Path) -> None:
    """Byte-compile a folder of the image with the image's own Python."""
    inside = Path("/") / folder.relative_to(context.target)
    command = ("python3", "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", inside)
    context.tools.chroot(context.target, *command, env={"SOURCE_DATE_EPOCH": str(LAYER_EPOCH)})


def compile_data_classes(context: Context) -> None:
    """The methods that `dataclasses` would write and compile at every start of a program of ours."""
    context.tools.chroot(context.target, "python3", "-I", "-B", "-m", "hadaemon.precompile")


def write_identity(context: Context) -> None:
    """Say in the image what it is, in the fields that os-release(5) has for it."""
    board = context.board
    path = context.target / "usr/lib/os-release"
    replaced = re.compile(r"(PRETTY_NAME|NAME|HOME_URL|SUPPORT_URL|BUG_REPORT_URL)=")
    debian = [line for line in path.read_text().splitlines() if not replaced.match(line)]
    own = [
        'NAME="Hotspare"',
        f'PRETTY_NAME="Hotspare {context.options.version} for {board.name}"',
        "IMAGE_ID=hotspare",
        f"IMAGE_VERSION={context.options.version}",
        f"VARIANT_ID={board.name}",
        f"BUILD_ID={context.build_id}",
    ]
    path.write_text("\n".join([*own, *debian]) + "\n")
    keyring = context.target / "etc/rauc/keyring.pem"
    keyring.parent.mkdir(exist_ok=True)
    keyring.write_text(context.trust.keyring)
    system = context.target / "etc/rauc/system.conf"
    text = system.read_text().replace("@COMPATIBLE@", board.compatible)
    system.write_text(context.trust.written_into(text))


def write_static_nodes(target: Path) -> None:
    """Rules for the nodes in /dev that bring their module when they are opened.

    They follow from the modules: a node would find out the same at every start.
    """
    rules = ["# Made at build time from the modules of the image.\n"]
    for table in sorted((target / "usr/lib/modules").glob("*/modules.devname")):
        for line in table.read_text().splitlines():
            if not line.startswith("#"):
                _module, name, number = line.split()
                rules.append(f"{number[0]}! /dev/{name} 0600 - - - {number[1:]}\n")
                if "/" in name:
                    rules.insert(1, f"d /dev/{name.rpartition('/')[0]} 0755 - - -\n")
    (target / "usr/lib/tmpfiles.d/hotspare-dev.conf").write_text("".join(rules))


def configure(context: Context) -> None:
    """Run the image's own programs where their result belongs into the image."""
    target, tools = context.target, context.tools
    clock = {"SOURCE_DATE_EPOCH": str(LAYER_EPOCH)}
    tools.chroot(target, "systemd-sysusers", env=clock)
    tools.chroot(target, "systemctl", "preset-all", "--preset-mode=full", env=clock)
    tools.chroot(target, "systemctl", "--global", "preset-all", env=clock)


def seal_off(target: Path) -> None:
    """Remove what configuring left behind, and turn the image's /var into rules that make it on the data."""
    for name in ("group-", "passwd-", "shadow-", "gshadow-", "subuid-", "subgid-", ".pwd.lock"):
        (target / "etc" / name).unlink(missing_ok=True)
    shadow = target / "etc/shadow"
    shadow.write_text(locked(shadow.read_text()))
    rules = var_rules(target / "var", accounts(target / "etc/passwd"), accounts(target / "etc/group"))
    (target / "usr/lib/tmpfiles.d/hotspare-var.conf").write_text(rules)
    for path in sorted((target / "var").iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    # `.updated` as old as /usr: systemd's units that follow an upgrade of /usr have nothing to do here.
    for name in ("machine-id", ".updated"):
        (target / "etc" / name).write_text("")
    # Where resolved collects whom to ask; it leads nowhere while nobody is named.
    resolver = target / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.symlink_to("../run/systemd/resolve/resolv.conf")
    for name in ("data", "boot/efi"):
        (target / name).mkdir(exist_ok=True)


def locked(shadow: str) -> str:
    """shadow(5) in which nobody has a password, and the day of its last change is none that a build knows."""
    return re.sub(r"(?m)^([^:\n]+):[^:\n]*:[^:\n]*:", r"\1:!*:1:", shadow)


def accounts(path: Path) -> dict[int, str]:
    """Names by number, of /etc/passwd or /etc/group."""
    rows = (line.split(":") for line in path.read_text().splitlines())
    return {int(row[2]): row[0] for row in rows}


def var_rules(var: Path, users: dict[int, str], groups: dict[int, str]) -> str:
    """tmpfiles.d rules that make what is in the image's /var: so that an upgrade's new folders appear too."""
    rules = ["# Made at build time from the /var of the packages: /var itself is on the data partition.\n"]
    for path in sorted(var.rglob("*")):
        name = f"/{path.relative_to(var.parent)}"
        status = path.lstat()
        owner, group = users.get(status.st_uid, status.st_uid), groups.get(status.st_gid, status.st_gid)
        if path.is_symlink():
            rules.append(f"L {name} - - - - {path.readlink()}\n")
        elif path.is_dir():
            rules.append(f"d {name} {status.st_mode & 0o7777:04o} {owner} {group} -\n")
    return "".join(rules)
