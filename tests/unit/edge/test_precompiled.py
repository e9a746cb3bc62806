"""The table of compiled data classes: made by a program of the image's build, used by every start of ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hadaemon

MAKE = "from hadaemon.precompile import main; main()"
LOOK = """
import builtins, dataclasses
import hadaemon.precompiled
asked = []
real = builtins.compile
def look(source, names, result):
    known = hadaemon.precompiled._tables.get(names["__name__"])
    asked.append((names["__name__"], known))
    hadaemon.precompiled._exec(source, names, result)
    tables = hadaemon.precompiled._tables
    asked[-1] = (names["__name__"], source in tables[names["__name__"]])
used = vars(dataclasses).get("exec") is hadaemon.precompiled._exec
vars(dataclasses)["exec"] = look
from hadaemon.cluster.status import *
from hadaemon.vrrp.model import *
print(used, len(asked) > 0, all(known for _, known in asked))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of hadaemon that has no table yet."""
    place = tmp_path / "hadaemon"
    shutil.copytree(hadaemon.__path__[0], place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def python(package: Path, code: str) -> str:
    """What a program prints that has this package, and not the installed one, in front."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def test_every_method_of_a_data_class_comes_from_the_table(package: Path):
    python(package, MAKE)
    assert python(package, LOOK) == "True True True"


def test_without_a_table_they_are_compiled_as_ever(package: Path):
    assert python(package, LOOK) == "False True False"


@pytest.mark.parametrize("table", [b"", b"half", b"\xe3\x00\x00", b"N"])
def test_a_damaged_table_is_left_alone(package: Path, table: bytes):
    (package / "precompiled.bin").write_bytes(table)
    assert python(package, LOOK) == "False True False"


def test_a_table_of_another_python_is_left_alone(package: Path):
    python(package, MAKE)
    python(
        package,
        "import marshal, pathlib, hadaemon; place = pathlib.Path(hadaemon.__path__[0], 'precompiled.bin');"
        "version, table = marshal.loads(place.read_bytes());"
        "place.write_bytes(marshal.dumps((version + 1, table)))",
    )
    assert python(package, LOOK) == "False True False"


def test_the_table_is_the_same_each_time(package: Path):
    python(package, MAKE)
    first = (package / "precompiled.bin").read_bytes()
    (package / "precompiled.bin").unlink()
    python(package, MAKE)
    assert (package / "precompiled.bin").read_bytes() == first
