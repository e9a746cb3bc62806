"""A daemon that stood still reads what has arrived meanwhile before it acts on a deadline."""

import signal
import time

from .pair import INTERVAL, Pair

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
