"""Two that are active because one does not hear or believe the other: each is told, by whom and why."""

from collections.abc import Callable

import pytest

from .hotwire import HotwirePair
from .interop import LOWER, OURS, Meeting, meet
from .pair import OWN, Pair, TestNode
from .routers import Dialect, Keepalived
from .test_protocol import SIGNED
from .waiting import wait_for

PLAIN = Dialect(3, 100, ("192.168.12.1/24",), checksum="rfc9568")
"""keepalived sends the checksum of RFC 5798 by default, and before 2.2.8 takes no other."""
UNSIGNED = Dialect(3, 100, ("192.168.12.1/24",), checksum="rfc5798")
THEIRS = OWN["beta"]["lan"]
DEAF = """
table inet deaf {
  chain early { type filter hook prerouting priority -400; meta l4proto 112 drop; }
}
"""


def problem(node: TestNode, what: str) -> str:
    """The one with these words; empty: there is none."""
    return next((line for line in node.problems().splitlines() if what in line), "")


CONFLICT, SPLIT = ("address-conflict", "major"), ("split", "critical")
"""Kind and severity of the alarm: somebody has an address, or the other node is active too."""


def alarms(node: TestNode, what: str) -> list[tuple[str, str]]:
    """Kind and severity of each that has these words."""
    active = node.status()["alarms"]["active"]
    return [(one["kind"], one["severity"]) for one in active if what in one["text"]]


def is_told(node: TestNode, what: str, alarm: tuple[str, str]) -> None:
    """In the status, and as an alarm."""
    wait_for(f"the status says {what!r}", lambda: problem(node, what), within=10)
    wait_for(f"an alarm {alarm}", lambda: alarm in alarms(node, what), within=5)


def start_signed(meeting: Meeting) -> None:
    """Ours, which takes in nothing that is not signed."""
    ours = meeting.ours
    ours.cluster = (
        f'schema = 1\nname = "interop"\nmaster = "alpha"\n{meeting.dialect.cluster}\n'
        f"{SIGNED}\n[vrrp.priorities]\nalpha = {OURS}\nbeta = 1\n"
    )
    ours.configure()
    ours.start()


@pytest.mark.parametrize(
    "dialect, start, what, alarm",
    [
        (PLAIN, Meeting.start_ours, f"{THEIRS} is active too, with priority {LOWER}, and answers", SPLIT),
        (
            UNSIGNED,
            start_signed,
            f"{THEIRS} is active too, and answers for the virtual addresses, but its advertisements are "
            "dropped (auth-missing ",
            CONFLICT,
        ),
    ],
    ids=["checksum", "enforce"],
)
def test_a_keepalived_that_does_not_understand_us(
    pair: Pair, dialect: Dialect, start: Callable[[Meeting], None], what: str, alarm: tuple[str, str]
) -> None:
    with meet(pair, Keepalived(pair.beta.namespace, pair.beta.folder), dialect) as meeting:
        start(meeting)
        meeting.wait_ours("active")
        meeting.theirs.start(dialect, LOWER)
        meeting.wait_theirs("active")
        is_told(meeting.ours, what, alarm)


def test_a_spare_that_is_deaf_is_told_by_the_active_node(pair: Pair) -> None:
    pair.start()
    pair.beta.namespace.run("nft", "--file", "-", stdin=DEAF)
    pair.beta.wait_state("active")
    is_told(pair.alpha, f"{THEIRS} is active too, with priority 253", SPLIT)
    assert pair.alpha.status()["verdict"]["redundancy"] == "split"


def test_with_a_hotwire_it_says_so_itself_and_is_not_ready(wired: HotwirePair) -> None:
    wired.start()
    wired.beta.namespace.run("nft", "--file", "-", stdin=DEAF)
    for port in ("lan", "wan"):
        wired.beta.wait_problem(
            f"port {port}: no advertisement of alpha comes in, which is active", within=15
        )
    wait_for(
        "the active node knows",
        lambda: (
            wired.alpha.status()["status"]["hotwire"]["unready"]
            == "it hears no advertisement of the active node"
        ),
        within=5,
    )
    assert wired.states() == ("active", "backup")
    wired.beta.namespace.run("nft", "delete", "table", "inet", "deaf")
    wait_for("all is well again", lambda: wired.alpha.status()["status"]["hotwire"]["ready"], within=10)
    assert not problem(wired.beta, "no advertisement")
