"""The host's own packages: which are needed, which are missing, and how they get installed.

Standard library only, because the launcher uses it before the virtual environment exists.
"""

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.paths import LOGS, REQUIREMENTS

LIST = REQUIREMENTS / "host-packages.txt"

_SERVICES = {
    "conntrackd": ("conntrackd.service",),
    "frr": ("frr.service",),
    "keepalived": ("keepalived.service",),
    "nftables": ("nftables.service",),
    "postfix": ("postfix.service",),
    "openssh-server": ("ssh.service", "ssh.socket"),
    "rsync": ("rsync.service",),
}
"""What some packages would start."""
_SYSTEMD = Path("/run/systemd/system")
"""There where systemd runs the machine (sd_booted(3))."""


@dataclass(frozen=True, slots=True)
class HostPackage:
    """One line of the list: a package, the file that tells it is there, the need it serves."""

    name: str
    found_by: str
    need: str

    @property
    def present(self) -> bool:
        return self.found_by != "-" and Path(self.found_by).exists()


def listed(text: str) -> tuple[HostPackage, ...]:
    """Parse the list of host packages: three words a line, `#` starts a comment."""
    rows = (line.split("#")[0].split() for line in text.splitlines())
    return tuple(HostPackage(*row) for row in rows if row)


def missing(*needs: str) -> tuple[HostPackage, ...]:
    """The packages that serve one of `needs` and are not on this machine."""
    return tuple(
        package for package in listed(LIST.read_text()) if package.need in needs and not package.present
    )


def ensure(*needs: str) -> None:
    """Have every package that serves `needs`: installed at once as root, else after asking, else told.

    Raises FirmwareError with the one line to run when this process may not install them.
    """
    absent = missing(*needs)
    if not absent:
        return
    names = [package.name for package in absent]
    command = " && ".join(shlex.join(["sudo", *step]) for step in _steps(names))
    if not Path("/usr/bin/apt-get").exists():
        raise FirmwareError(
            f"host packages are missing: {', '.join(names)}",
            todo="this machine has no apt-get: use Debian 12 or newer, or Ubuntu 24.04 or newer, "
            "or install what provides " + ", ".join(p.found_by for p in absent),
        )
    if os.geteuid() == 0:
        _install([], names)
    elif _agreed(command):
        _install(["sudo"], names)
    else:
        raise FirmwareError(f"host packages are missing: {', '.join(names)}", todo=command)
    left = [package.name for package in missing(*needs) if package.found_by != "-"]
    if left:
        raise FirmwareError(
            f"installed, and still not found: {', '.join(left)}",
            where=str(LIST),
            todo="see which file the list expects of each",
        )


def _steps(names: list[str]) -> list[list[str]]:
    """What installs the packages, command by command. A service that one of them brings is masked first: apt
    would start it, and the tests run such programs by hand, in namespaces of their own."""
    services = [service for name in names for service in _SERVICES.get(name, ())]
    mask = [["systemctl", "mask", *services]] if services and _SYSTEMD.is_dir() else []
    return [*mask, ["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *names]]


def _agreed(command: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"Host packages are missing. Run this?\n  {command}", file=sys.stderr)
    return input("[y/N] ").strip().lower() in {"y", "yes"}


def _install(prefix: list[str], names: list[str]) -> None:
    print(f"installing host packages: {', '.join(names)}", file=sys.stderr, flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "apt.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("wb") as out:
        for step in _steps(names):
            done = subprocess.run(
                [*prefix, *step], stdout=out, stderr=subprocess.STDOUT, env=environment, check=False
            )
            if done.returncode:
                tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-6:])
                raise FirmwareError(
                    f"`{shlex.join(step)}` failed with status {done.returncode}\n    {tail}",
                    where=str(log),
                    todo="check the network and the machine's package sources, then run the same again",
                )
