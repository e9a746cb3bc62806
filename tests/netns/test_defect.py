"""A defect in the daemon ends it with an error, so that the service manager starts it anew."""

import sys

from .pair import Pair

BROKEN = """
import sys
from hadaemon.cluster import Node, Tick
from hadaemon.daemon.guard_process import fork_guard
from hadaemon.daemon.main import main

sound = Node.handle

def broken(self, event, now):
    if isinstance(event, Tick):
        raise RuntimeError("a defect")
    return sound(self, event, now)

Node.handle = broken
sys.exit(main(fork_guard(), sys.argv[1:]))
"""


def test_an_exception_in_the_core_ends_the_daemon_with_an_error(pair: Pair) -> None:
    node = pair.alpha
    node.configure()
    (node.folder / "run").mkdir()
    log = node.folder / "broken.log"
    places = ["--state", str(node.state_folder), "--run", str(node.folder / "run")]
    node.daemon = node.namespace.start(sys.executable, "-P", "-c", BROKEN, *places, log=log)
    assert node.wait_end(within=5) == 1
    assert "<2>internal error" in log.read_text()
    assert "a defect" in log.read_text()
    assert not (node.folder / "run" / "control.sock").exists()
    assert node.virtual_addresses() == set()
