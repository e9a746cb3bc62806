"""Keeps systemd from finding libbpf, which only iproute2 needs.

Where systemd finds the library, it has the kernel check two programs of its own at every start, for the ports
and the interfaces of units, before the first unit begins: two seconds in an emulated machine. No unit of the
image asks for them (`SocketBindAllow=`, `SocketBindDeny=`, `RestrictNetworkInterfaces=`,
`RestrictFileSystems=`); tests/container watches over that. Filters by address and by device are programs that
systemd makes itself, without the library.
"""

from pathlib import Path

from firmware.build.tools import Tools

FOLDER = "usr/lib/x86_64-linux-gnu/libbpf"
"""Not one of those in which the dynamic linker looks by itself."""
NAME = "libbpf.so"
_PLACES = ("usr/bin", "usr/sbin", "usr/lib", "usr/libexec")
_ELF = b"\x7fELF"


def set_apart(tools: Tools, root: Path) -> None:
    """Move the library to a folder of its own, and tell those that are linked with it where that is."""
    there = sorted((root / "usr/lib/x86_64-linux-gnu").glob(f"{NAME}*"))
    if not there:
        return
    (root / FOLDER).mkdir()
    for path in there:
        path.rename(root / FOLDER / path.name)
    for path in _that_name_it(root):
        if NAME in tools.run("patchelf", "--print-needed", path):
            tools.run("patchelf", "--add-rpath", f"/{FOLDER}", path)


def _that_name_it(root: Path) -> list[Path]:
    """Programs and libraries in which its name stands, for whatever reason."""
    found = []
    for place in _PLACES:
        for path in sorted((root / place).rglob("*")):
            if path.is_symlink() or not path.is_file() or path.is_relative_to(root / FOLDER):
                continue
            with path.open("rb") as file:
                if file.read(len(_ELF)) == _ELF and NAME.encode() in file.read():
                    found.append(path)
    return found
