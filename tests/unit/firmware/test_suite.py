"""What holds for the tests as a whole, whoever starts them."""

import signal
import subprocess
import sys
from fnmatch import fnmatch

import pytest

from firmware.paths import ROOT

TEST = "tests/unit/cli/test_status_screen.py"
NAME = "test_watch_outlives_the_daemon"


def test_programs_end_by_ctrl_c_also_where_whoever_started_the_tests_ignores_it() -> None:
    """As a shell does for its background jobs, and hands it down."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-n", "1", f"{TEST}::{NAME}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert done.returncode == 0, done.stdout


def test_no_folder_of_tests_is_left_out(pytestconfig: pytest.Config) -> None:
    """pytest's own list of folders that it does not look into has `build`."""
    folders = {parent for file in (ROOT / "tests").rglob("test_*.py") for parent in file.parents}
    names = {folder.name for folder in folders if folder.is_relative_to(ROOT / "tests")}
    left_out = pytestconfig.getini("norecursedirs")
    assert [name for name in names for pattern in left_out if fnmatch(name, pattern)] == []
