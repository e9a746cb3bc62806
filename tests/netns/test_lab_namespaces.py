"""The lab's namespaces beside those that others make and end at the same time."""

import subprocess
import sys
import time

import pytest

from firmware.build import sandbox

from .namespaces import Namespaces

BESIDE = """
import subprocess, sys, threading
from firmware.lab.namespaces import Namespaces

def ip(*words):
    subprocess.run(["ip", "netns", *words], check=True)

def come_and_go(end):
    while not end.is_set():
        ip("add", "guest")
        ip("delete", "guest")

"""
OTHERS = {
    "come": "with Namespaces() as ours:\n ours.make('one')\n ip('add', 'other')",
    "go": "ip('add', 'other')\nwith Namespaces() as ours:\n ours.make('one')\n ip('delete', 'other')",
    "come and go": """
end = threading.Event()
others = threading.Thread(target=come_and_go, args=(end,))
others.start()
try:
    for _ in range(10):
        with Namespaces() as ours:
            ours.make("one")
finally:
    end.set()
    others.join()
""",
}
KEPT = "with Namespaces() as ours:\n ip('attach', 'ours', str(ours.make('one').pid))"


def beside_others(script: str) -> subprocess.CompletedProcess[str]:
    """Runs it where named namespaces are mounted apart from the machine's own."""
    apart = [*sandbox.namespace_command(), "sh", "-ec", 'mount -t tmpfs tmpfs /run; exec "$@"', "sh"]
    command = [*apart, sys.executable, "-P", "-c", BESIDE + script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_namespace_of_others_is_not_taken_for_ours() -> None:
    """The kernel gives the number of a namespace that is gone to the next one."""
    with Namespaces() as ours:
        ended = ours.make("ended")
        ended.close()
        for _ in range(20):
            with Namespaces() as others:
                assert others.make("new").identity != ended.identity
            time.sleep(0.05)  # the kernel takes its time to clean up


@pytest.mark.parametrize("what", OTHERS)
def test_named_namespaces_of_others_come_and_go_as_they_like(what: str) -> None:
    """A container engine makes them too."""
    done = beside_others(OTHERS[what])
    assert done.returncode == 0, done.stderr


def test_a_namespace_of_ours_that_a_mount_keeps_is_told_with_its_place() -> None:
    done = beside_others(KEPT)
    assert done.returncode == 1
    assert "a network namespace is kept by a mount at /run/netns/ours" in done.stderr
