"""Builds in copies of the checkout, with a cache of their own: nothing of the developer's is touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware import paths
from firmware.build import sandbox
from firmware.lab.deadline import stretched

BUILD = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from firmware.build import image
from firmware.build.image import BuildOptions, build_image, clean_cache
from firmware.errors import FirmwareError
from firmware.interruption import end_as_by_ctrl_c
end_as_by_ctrl_c()
try:
    options = json.loads(sys.argv[2])
    if options is None:
        clean_cache(downloads=True)
    else:
        if options.pop("unchecked_space", False):
            image.check_space = lambda cache: None
        options |= {name: Path(options[name]) for name in ("cert", "passphrase") if name in options}
        result = build_image(BuildOptions(**options))
        print("RESULT", json.dumps({name: str(value) for name, value in vars(result).items()}))
except FirmwareError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    sys.exit(130)
"""
EXCLUDED = shutil.ignore_patterns(".venv", ".cache", "test-artifacts", "__pycache__", ".*_cache", "images")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with the packages and newest layers that the developer's has already; emptied at the end."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "packages").mkdir()
    for package in (paths.CACHE / "packages").glob("*.deb"):
        shutil.copyfile(package, folder / "packages" / package.name)
    copy_layers(paths.CACHE / "layers", folder / "layers")
    yield folder
    process = start_build(paths.ROOT, folder, None)
    process.communicate(timeout=stretched(300))
    assert process.returncode == 0
    assert not (folder / "layers").exists()


def copy_layers(source: Path, target: Path) -> None:
    """The newest of each name. The namespaces of a build can read what a build wrote."""
    target.mkdir()
    layers = sorted(source.glob("*-*"), key=lambda layer: layer.stat().st_mtime)
    newest = {layer.name.rpartition("-")[0]: layer for layer in layers}
    if newest:
        command = [*sandbox.namespace_command(), "cp", "--archive", *map(str, newest.values()), str(target)]
        subprocess.run(command, check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout as it is now."""
    return copy_checkout(tmp_path / "checkout")


def copy_checkout(place: Path) -> Path:
    """Copy this checkout (with its history, which dates the image) to `place`."""
    return Path(shutil.copytree(paths.ROOT, place, ignore=EXCLUDED, symlinks=True))


@pytest.fixture
def start(cache: Path) -> Iterator[Start]:
    """Start a build of a checkout with options; it is ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(checkout: Path, mounts: str = "", **options: object) -> "subprocess.Popen[str]":
        running.append(start_build(checkout, cache, options, mounts))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def start_build(checkout: Path, cache: Path, options: object, mounts: str = "") -> "subprocess.Popen[str]":
    """A build as a process of its own, as a user would start it; None cleans the cache.

    `mounts` is a shell script that changes the mounts of a namespace of the build's own before it starts.
    """
    apart = [*sandbox.namespace_command(), "sh", "-ec", mounts + '\nexec "$@"', "sh"] if mounts else []
    return subprocess.Popen(
        [*apart, sys.executable, "-P", "-c", BUILD, str(checkout), json.dumps(options)],
        env={**os.environ, "HOTSPARE_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Built:
    """A checkout, and the paths of what was built from it."""

    checkout: Path
    results: dict[str, Path]


@pytest.fixture(scope="session")
def built(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One build for all tests that only look at it. Afterwards all layers are in the cache."""
    folder = tmp_path_factory.mktemp("built")
    checkout = copy_checkout(folder / "checkout")
    results = results_of(start_build(checkout, cache, {}), cache)
    # The next build of this cache would put its own disk in this one's place.
    return Built(checkout, results | {"raw_image": results["raw_image"].rename(folder / "disk.img")})


def results_of(process: "subprocess.Popen[str]", cache: Path) -> dict[str, Path]:
    """Wait for a build that must succeed."""
    out, err = process.communicate(timeout=stretched(900))
    assert process.returncode == 0, f"{out}\n{err}"
    assert not (cache / "work").exists()
    result = json.loads(out.splitlines()[-1].removeprefix("RESULT "))
    return {name: Path(value) for name, value in result.items()}


@pytest.fixture
def build(start: Start, cache: Path) -> Callable[..., dict[str, Path]]:
    """Build a checkout and return the paths of its results."""

    def finish(checkout: Path, **options: object) -> dict[str, Path]:
        return results_of(start(checkout, **options), cache)

    return finish


@pytest.fixture
def failure(start: Start) -> Callable[..., str]:
    """Build a checkout that must fail and return what it says."""

    def finish(checkout: Path, **options: object) -> str:
        out, err = (process := start(checkout, **options)).communicate(timeout=stretched(900))
        assert process.returncode == 1, f"{out}\n{err}"
        return err

    return finish
