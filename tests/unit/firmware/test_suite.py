"""What holds for the tests as a whole, whoever starts them."""

import signal
import subprocess
import sys

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
