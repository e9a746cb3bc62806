"""Ctrl-C and SIGTERM end a task and the program that it runs, and both clean up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched

PROGRAM = """
import sys, time
try:
    print("ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.5)
    open(sys.argv[1], "a").write("cleaned up\\n")
    sys.exit(3)
"""
TASK = f"""
import sys
from firmware.interruption import end_as_by_ctrl_c, run_to_its_end
end_as_by_ctrl_c()
try:
    run_to_its_end([sys.executable, "-c", {PROGRAM!r}, sys.argv[1]])
except KeyboardInterrupt as ending:
    open(sys.argv[1], "a").write(f"ended by {{ending.args}}\\n")
"""


@pytest.mark.parametrize("ignored", [False, True], ids=["", "SIGINT ignored by whoever started it"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_program_cleans_up_before_the_task_ends(tmp_path: Path, ending: signal.Signals, ignored: bool):
    log = tmp_path / "log"
    task = subprocess.Popen(
        [sys.executable, "-P", "-c", TASK, str(log)],
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None,
    )
    with task:
        try:
            assert task.stdout is not None
            assert task.stdout.readline() == b"ready\n"
            if ending is signal.SIGINT:  # As a terminal does.
                os.killpg(task.pid, ending)
            else:
                task.send_signal(ending)
            assert task.wait(stretched(30)) == 0
        finally:
            task.kill()
    named = () if ending is signal.SIGINT else (ending.name,)
    assert log.read_text() == f"cleaned up\nended by {named}\n"
    with pytest.raises(ProcessLookupError):
        os.killpg(task.pid, 0)


def test_a_task_says_that_it_was_interrupted(tmp_path: Path):
    log = tmp_path / "log"
    script = (
        "from firmware import __main__, tasks, testing\n"
        "def sleep(options):\n"
        "    print('ready', flush=True)\n"
        "    import time; time.sleep(600)\n"
        "testing.run_tests = tasks.run_tests = sleep\n"
        "import sys; sys.argv = ['invoke.py', 'test', '--unit']\n"
        "sys.exit(__main__.main())\n"
    )
    with log.open("wb") as errors:
        task = subprocess.Popen([sys.executable, "-P", "-c", script], stdout=subprocess.PIPE, stderr=errors)
        with task:
            try:
                assert task.stdout is not None
                assert task.stdout.readline() == b"ready\n"
                task.terminate()
                assert task.wait(stretched(30)) == 130
            finally:
                task.kill()
    assert log.read_text() == "interrupted\n"
