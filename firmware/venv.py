"""The checkout's virtual environment: made once, remade when what is locked changes.

Standard library only: this is what the launcher runs before there is any environment. The environment is
whole exactly when its stamp holds the hash of everything that went into it; the stamp is written last.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from firmware import host
from firmware.errors import FirmwareError
from firmware.paths import LOGS, REQUIREMENTS, ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "hotspare-stamp"
LOCKS = (REQUIREMENTS / "image.txt", REQUIREMENTS / "dev.txt")
PACKAGES = ("firmware", "hadaemon")


def ensure_venv() -> None:
    """Make the environment unless the one that is there holds just what is locked.

    Raises FirmwareError when it cannot be made; a half-made one is made anew by the next call.
    """
    if _whole():
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _whole():
            _make()


def exec_tasks(arguments: list[str]) -> NoReturn:
    """Become the task runner. `-P` keeps the checkout, and so `invoke.py`, off the module search path."""
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "firmware", *arguments])


def _wanted() -> str:
    content = hashlib.sha256(f"{sys.version_info[:2]} {VENV}".encode())
    for path in (*LOCKS, Path(__file__)):
        content.update(path.read_bytes())
    return content.hexdigest()


def _whole() -> bool:
    try:
        return STAMP.read_text() == _wanted() and PYTHON.exists()
    except OSError:
        return False


def _make() -> None:
    print("setting up: .venv with the locked Python packages (once, about half a minute)", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401 - Debian keeps it in a package of its own
    except ImportError:
        host.ensure("venv")
    _step([sys.executable, "-m", "venv", str(VENV)], "making the virtual environment")
    arguments = [argument for lock in LOCKS for argument in ("-r", str(lock))]
    _step(
        [
            *(str(PYTHON), "-P", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
            *("--require-hashes", "--no-deps", "--only-binary", ":all:", *arguments),
        ],
        "installing the locked Python packages",
    )
    _link_packages()
    STAMP.write_text(_wanted())


def _link_packages() -> None:
    """Put the two packages, and nothing else of the checkout, on the environment's search path."""
    site = next((VENV / "lib").glob("python3.*")) / "site-packages"
    for name in PACKAGES:
        (site / name).symlink_to(ROOT / name, target_is_directory=True)


def _step(command: list[str], doing: str) -> None:
    log = LOGS / "venv.log"
    with log.open("ab") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-8:])
        raise FirmwareError(
            f"{doing} failed\n    {tail}",
            where=str(log),
            todo="check the network and this machine's pip configuration, then run the same again",
        )
