"""Locking the Python packages: requirements/*.in to requirements/*.txt, every package with its hashes."""

import subprocess
import venv

from firmware.errors import FirmwareError
from firmware.paths import CACHE, REQUIREMENTS

NAMES = ("lock", "image", "dev")


def lock_requirements() -> None:
    """Resolve anew against this machine's package index; no index address reaches the files."""
    tool = CACHE / "lock-venv"
    venv.create(tool, with_pip=True, clear=True)
    _run([str(tool / "bin/pip"), "install", "-q", "--require-hashes", "-r", str(REQUIREMENTS / "lock.txt")])
    for name in NAMES:
        _run(
            [
                *(str(tool / "bin/uv"), "pip", "compile", "-q", "--upgrade", "--generate-hashes"),
                *("--python-platform", "x86_64-unknown-linux-gnu", "--python-version", "3.11"),
                *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate"),
                *("--custom-compile-command", "python3 invoke.py lock"),
                *(f"{name}.in", "-o", f"{name}.txt"),
            ]
        )
        print(f"locked requirements/{name}.txt")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=REQUIREMENTS, check=False)
    if done.returncode:
        raise FirmwareError(
            f"`{command[0].rsplit('/', 1)[-1]}` failed with status {done.returncode}",
            where="its message above",
            todo="check the names in requirements/*.in and the network",
        )
