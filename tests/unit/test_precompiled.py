"""The file of compiled modules and data classes: made with the image, used when a program of ours starts."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hadaemon

MAKE = "from hadaemon.precompile import main; main()"
LOOK = """
import dataclasses
import hadaemon.precompiled
modules = hadaemon.precompiled.modules
from hadaemon.status.node import *
from hadaemon.vrrp.model import *
import json, sys, _json
compiled = []
if modules is not None:
    real = modules.run
    def look(source, names, result):
        real(source, names, result)
        compiled.append(source not in modules._tables[names["__name__"]])
    vars(dataclasses)["exec"] = look
    import hadaemon.hotwire.report
ours = [name for name in ("hadaemon.status.node", "hadaemon.vrrp", "json") if
        isinstance(sys.modules[name].__spec__.loader, hadaemon.precompiled.Packed)]
from importlib import resources
import inspect
from hadaemon.console import translations
alike = [module.__file__ and module.__spec__ for module in (json, _json, sys.modules["hadaemon.vrrp"])]
source = "def load_translations" in inspect.getsource(translations)
whole = all(alike) and len(translations.load_translations()) > 1 and source
print(len(ours), whole, len(compiled) > 0, any(compiled))
"""
"""Prints how many modules of three came from the file, whether they look like any other, whether methods of
data classes were asked for, and whether one of them was compiled."""
FROM_FILE, AS_EVER = "3 True True False", "0 True False False"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of hadaemon that has no such file yet."""
    place = tmp_path / "hadaemon"
    shutil.copytree(hadaemon.__path__[0], place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def python(package: Path, code: str) -> str:
    """What a program prints that has this package, and not the installed one, in front."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def test_every_module_and_method_of_a_data_class_comes_from_the_file(package: Path):
    python(package, MAKE)
    assert python(package, LOOK) == FROM_FILE


def test_without_a_file_they_are_found_and_compiled_as_ever(package: Path):
    assert python(package, LOOK) == AS_EVER


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"half",
        lambda _: b"\xff" * 16,
        lambda whole: whole[:8] + b"N" + whole[9:],
        lambda whole: whole[:-1],
        lambda whole: whole + b"x",
    ],
)
def test_a_damaged_file_is_left_alone(package: Path, damage: Callable[[bytes], bytes]):
    python(package, MAKE)
    file = package / "precompiled.bin"
    file.write_bytes(damage(file.read_bytes()))
    assert python(package, LOOK) == AS_EVER


def test_a_file_of_another_python_is_left_alone(package: Path):
    python(package, MAKE)
    python(
        package,
        "import marshal, pathlib, hadaemon; place = pathlib.Path(hadaemon.__path__[0], 'precompiled.bin');"
        "whole = place.read_bytes(); size = int.from_bytes(whole[:8], 'little');"
        "version, *rest = marshal.loads(whole[8 : 8 + size]); head = marshal.dumps((version + 1, *rest));"
        "place.write_bytes(len(head).to_bytes(8, 'little') + head + whole[8 + size :])",
    )
    assert python(package, LOOK) == AS_EVER


def test_the_file_is_the_same_each_time(package: Path):
    python(package, MAKE)
    first = (package / "precompiled.bin").read_bytes()
    (package / "precompiled.bin").unlink()
    python(package, MAKE)
    assert (package / "precompiled.bin").read_bytes() == first
