"""The guard: a daemon that stands still does not keep the addresses that the other node takes over."""

import os
import signal
import time

from .asker import Kernel
from .guard import guard_of
from .hotwire import HotwirePair
from .pair import ACTIVE_DOWN, VIRTUAL, Pair, TestNode
from .waiting import stretched, wait_for

STALL = ACTIVE_DOWN + stretched(0.7)
"""Seconds: for much longer than the other node waits."""
TOGETHER = stretched(0.15)
"""Seconds for which both may have the addresses: without the guard it is until the daemon wakes."""


def time_together(pair: Pair, seconds: float) -> float:
    """For how long both nodes have virtual addresses, of the next that many seconds."""
    kernels = [Kernel(node.namespace) for node in pair.nodes]
    virtual = set(VIRTUAL.values())
    together, before = 0.0, time.monotonic()
    end = before + seconds
    while before < end:
        both = all(kernel.addresses() & virtual for kernel in kernels)
        now = time.monotonic()
        together += now - before if both else 0.0
        before = now
        time.sleep(0.002)
    return together


def stall(pair: Pair, node: TestNode) -> float:
    """The daemon stands still, and goes on; the answer is for how long both had addresses meanwhile."""
    node.signal(signal.SIGSTOP)
    together = time_together(pair, STALL)
    node.signal(signal.SIGCONT)
    return together


def wait_active(node: TestNode, times: int) -> None:
    """It has become active so often, and no more often. The disk has it a little later than the kernel."""

    def changes() -> int:
        return [change["after"] for change in node.history()].count("active")

    wait_for(f"{node.name} has been active {times} times", lambda: changes() >= times, 5)
    assert changes() == times


def check_stall(pair: Pair) -> None:
    together = stall(pair, pair.alpha)
    print(f"both had virtual addresses for {together * 1000:.0f} ms")
    assert together < TOGETHER
    assert "stands still" in pair.alpha.log.read_text()
    wait_active(pair.beta, times=1)


def test_two_nodes_do_not_have_the_addresses_while_one_stands_still(pair: Pair) -> None:
    pair.start()
    check_stall(pair)
    pair.wait_holder(pair.alpha)
    wait_active(pair.alpha, times=2)


def test_two_nodes_with_a_hotwire_do_not_have_the_addresses_while_one_stands_still(
    wired: HotwirePair,
) -> None:
    wired.start()
    check_stall(wired)
    wired.wait_holder(wired.alpha)


def test_an_active_node_that_stood_still_alone_serves_again(pair: Pair) -> None:
    pair.start()
    pair.beta.signal(signal.SIGTERM)
    assert pair.beta.wait_end() == 0
    pair.alpha.signal(signal.SIGSTOP)
    wait_for("the guard takes the addresses away", lambda: not pair.alpha.virtual_addresses(), 5)
    pair.alpha.signal(signal.SIGCONT)
    pair.alpha.wait_state("active")
    pair.wait_holder(pair.alpha)
    wait_active(pair.alpha, times=2)
    assert "stood still" in " ".join(change["reason"] for change in pair.alpha.history())


def test_a_guard_that_has_ended_is_told(pair: Pair) -> None:
    pair.start()
    os.kill(guard_of(pair.alpha), signal.SIGKILL)
    pair.alpha.wait_problem("guard")
    assert pair.alpha.state() == "active"


def test_a_backup_that_stands_still_is_left_alone(pair: Pair) -> None:
    pair.start()
    stall(pair, pair.beta)
    pair.wait_holder(pair.alpha)
    assert "stands still" not in pair.beta.log.read_text()


def test_the_guard_of_a_daemon_that_is_killed_ends(pair: Pair) -> None:
    pair.start()
    guard = guard_of(pair.alpha)
    pair.alpha.kill()
    wait_for("it has ended", lambda: not _runs(guard), 5)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
