"""A daemon that stood still reads what has arrived meanwhile before it acts on a deadline."""

import signal
import time

from scapy.layers.inet import IP, UDP

from hadaemon.hotwire.exclusive import HEARTBEAT_PORT

from .capture import Capture
from .hotwire import HOTWIRE_OWN, HotwirePair
from .pair import INTERVAL, Pair
from .waiting import wait_for

STALL = 3.5 * INTERVAL
"""About as long as the backup waits for an advertisement."""
STALLS = 20


def test_a_backup_that_stood_still_claims_nothing_that_is_still_advertised(pair: Pair) -> None:
    pair.start()
    for _ in range(STALLS):
        pair.beta.signal(signal.SIGSTOP)
        time.sleep(STALL)
        pair.beta.signal(signal.SIGCONT)
        time.sleep(INTERVAL)
    assert pair.beta.state() == "backup"
    assert "active" not in {change["after"] for change in pair.beta.history()}
    assert [change["after"] for change in pair.alpha.history()].count("active") == 1


def heartbeats(capture: Capture, source: str) -> list[bytes]:
    """All so far."""
    frames = [frame for _, frame in capture.read() if UDP in frame and frame[UDP].dport == HEARTBEAT_PORT]
    return [bytes(frame[UDP].payload) for frame in frames if frame[IP].src == source]


def test_an_active_node_that_stood_still_does_not_say_over_the_hotwire_that_it_is_active(
    wired: HotwirePair,
) -> None:
    wired.start()
    capture = Capture(wired.beta.namespace, "hotwire")
    own = HOTWIRE_OWN["alpha"]
    for _ in range(2):
        wired.alpha.signal(signal.SIGSTOP)
        wired.beta.wait_state("active")
        before = len(heartbeats(capture, own))
        wired.alpha.signal(signal.SIGCONT)
        wait_for("it speaks", lambda count=before: len(heartbeats(capture, own)) > count, within=5)
        first = heartbeats(capture, own)[before]
        assert b'"active"' not in first, first
        wired.wait_holder(wired.alpha)
