"""A build that cannot be done says why in one message, and an interrupted one leaves nothing behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched

Failure = Callable[..., str]
Start = Callable[..., "subprocess.Popen[str]"]


def add_board(checkout: Path, packages: str = "", modules: str = "") -> None:
    board = checkout / "board/broken"
    board.mkdir()
    (board / "board.toml").write_text('schema = 1\ndescription = "for a test"\n')
    (board / "packages").write_text(packages)
    (board / "modules").write_text(modules)


def test_a_board_that_does_not_exist(failure: Failure, checkout: Path) -> None:
    text = failure(checkout, board="nosuch")
    assert "there is no board 'nosuch'" in text
    assert "generic-x86_64" in text
    assert "Traceback" not in text


def test_a_package_that_does_not_exist(failure: Failure, checkout: Path) -> None:
    add_board(checkout, packages="hotspare-no-such-package\n")
    text = failure(checkout, board="broken")
    assert "package hotspare-no-such-package does not exist" in text
    assert "packages.log" in text
    assert "Traceback" not in text


def test_a_mirror_that_does_not_answer(failure: Failure, checkout: Path) -> None:
    text = failure(checkout, mirror="http://127.0.0.1:9/debian", fresh=True)
    assert "the package mirror cannot be reached" in text
    assert "--mirror" in text
    assert "Traceback" not in text


def test_no_network(failure: Failure, checkout: Path) -> None:
    text = failure(checkout, mounts='exec unshare --net "$@"', fresh=True)
    assert "the package mirror cannot be reached" in text
    assert "check the network" in text
    assert "Traceback" not in text


def test_a_development_certificate_signs_no_release(failure: Failure, checkout: Path, cache: Path) -> None:
    keys = cache / "keys"
    text = failure(
        checkout,
        release=True,
        key=str(keys / "development.key.pem"),
        cert=str(keys / "development.cert.pem"),
    )
    assert "development" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing(
    start: Start, checkout: Path, cache: Path, number: signal.Signals
) -> None:
    process = start(checkout, fresh=True)
    log = cache / "logs/packages.log"
    log.unlink(missing_ok=True)
    wait_until(lambda: log.exists() and "extracting archives" in log.read_text(), 240, process)
    assert processes_about(checkout, cache), "the test looks for processes in the wrong way"
    process.send_signal(number)
    process.wait(timeout=stretched(60))
    wait_until(lambda: not processes_about(checkout, cache), 30)
    assert mounts_about(checkout, cache) == []
    assert not list((checkout / "images").glob("*/*"))
    if number != signal.SIGKILL:
        assert not (cache / "work").exists()


def mounts_about(*places: Path) -> list[str]:
    """Mounts in or of one of the places; what else is mounted meanwhile is not ours."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if any(str(place) in line for place in places)]


def processes_about(*places: Path) -> list[str]:
    """Command lines of the processes that name one of the places."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if any(str(place) in command for place in places) and entry.name != str(os.getpid()):
            found.append(command)
    return found


def wait_until(
    condition: Callable[[], object], seconds: float, process: "subprocess.Popen[str] | None" = None
) -> None:
    deadline = time.monotonic() + stretched(seconds)
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        assert process is None or process.poll() is None, process.communicate() if process else ""
        time.sleep(0.1)
