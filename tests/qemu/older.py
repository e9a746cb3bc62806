"""An image of an earlier commit of this repository, built by that commit's own builder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.paths import CACHE, ROOT

from .conftest import BOARD

OLDER = "8c15ce953a7cc9ed8896ab462109d6793ba53822"
"""The first one whose firmware knows the upgrade of a pair: before it there is none to go on."""
OLDER_VERSION = "0.9.0"
_BUILD = """
import json, sys
from firmware.build.image import build_image
from firmware.build.options import BuildOptions
built = build_image(BuildOptions(board=sys.argv[1], version=sys.argv[2], source_date_epoch=int(sys.argv[3])))
print(json.dumps({"image": str(built.raw_image), "bundle": str(built.bundle)}))
"""


def older_image(folder: Path) -> dict[str, Path]:
    """`image` and `bundle`. Packages, tools and keys are those of our cache; nothing is fetched for it."""
    epoch = _git("show", "--no-patch", "--format=%ct", OLDER)
    if epoch.returncode:
        pytest.skip("this checkout has no history: fetch it whole (git fetch --unshallow)")
    with subprocess.Popen(["git", "archive", OLDER], cwd=ROOT, stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "--extract", f"--directory={folder}"], stdin=archive.stdout, check=True)
    assert archive.returncode == 0
    built = subprocess.run(
        [sys.executable, "-P", "-c", _BUILD, BOARD, OLDER_VERSION, epoch.stdout.strip()],
        cwd=folder,
        # Before our own packages, which are installed.
        env={**os.environ, "PYTHONPATH": str(folder), "HOTSPARE_CACHE": str(CACHE)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(built.stdout.splitlines()[-1])
    return {name: Path(path) for name, path in found.items()}


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
