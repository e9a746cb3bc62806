"""One node of ours and a standard router on a LAN: two courses of events that every dialect goes through."""

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

import pytest
from _pytest.mark import ParameterSet

from . import tshark
from .capture import Capture, vrrp_priority
from .namespaces import Namespace
from .pair import Pair, TestNode
from .routers import Dialect, Router
from .waiting import wait_for

OURS, LOWER, HIGHER = 200, 100, 220
"""Priorities: ours, and the other router's."""

_ROUNDS = 3
"""Intervals in which a state must hold to be called stable."""


class Course(Enum):
    """What the other router is to us."""

    ACTIVE = "our-active"
    BACKUP = "our-backup"


Case = tuple[Course, Dialect]


def meetings(*ordinary: Case) -> list[ParameterSet]:
    """Those of every run; at night each dialect in both courses, and in the standard's own interval too."""
    dialects = dict.fromkeys(dialect for _, dialect in ordinary)
    slow = [dataclasses.replace(each, interval=1000) for each in dialects]
    every = dict.fromkeys((course, dialect) for dialect in [*dialects, *slow] for course in Course)
    return [
        pytest.param(case, id=_name(*case), marks=() if case in ordinary else pytest.mark.nightly)
        for case in every
    ]


def _name(course: Course, dialect: Dialect) -> str:
    kind = "password" if dialect.password else "plain"
    if (dialect.version, dialect.family) == (3, 4):
        kind = dialect.checksum
    return f"{course.value}-v{dialect.version}-IPv{dialect.family}-{kind}-{dialect.interval}ms"


@dataclass
class Meeting:
    """Ours and theirs."""

    ours: TestNode
    theirs: Router
    dialect: Dialect
    lan: Capture

    @property
    def patience(self) -> float:
        """Seconds: an Active_Down_Interval and what a busy machine adds."""
        return 5 * self.dialect.interval / 1000 + 4

    def run(self, course: Course) -> None:
        """One of the two."""
        if course is Course.BACKUP:
            self.it_is_our_backup()
        else:
            self.it_is_our_active()

    def it_is_our_backup(self) -> None:
        """It is there first, we are better, it bows; we leave, it takes over; we return, it bows again."""
        self.theirs.start(self.dialect, LOWER)
        self.wait_theirs("active")
        self._wait_word(LOWER)
        self.start_ours()
        self.wait_ours("active")
        self.wait_theirs("backup")
        self._stays("active", "backup")
        self._check_packets()
        self.ours.namespace.run("kill", "-TERM", str(self._pid()))
        self.ours.wait_end(5)
        self.wait_theirs("active")
        self.start_ours()
        self.wait_ours("active")
        self.wait_theirs("backup")

    def it_is_our_active(self) -> None:
        """We are there first, it is better, we bow; it dies without a word, we take over."""
        self.start_ours()
        self.wait_ours("active")
        self.theirs.start(self.dialect, HIGHER)
        self.wait_theirs("active")
        self.wait_ours("backup")
        self._stays("backup", "active")
        self._check_packets()
        self.theirs.kill()
        self.wait_ours("active")
        assert self._discards() == {}

    def start_ours(self) -> None:
        """With a configuration for this dialect."""
        self.ours.cluster = (
            'schema = 1\nname = "interop"\nmaster = "alpha"\n'
            f"{self.dialect.cluster}\n[vrrp.priorities]\nalpha = {OURS}\nbeta = 1\n"
        )
        self.ours.configure()
        self.ours.start()

    def _pid(self) -> int:
        assert self.ours.daemon is not None
        return self.ours.daemon.pid

    def wait_ours(self, state: str) -> None:
        """State and addresses."""
        self.ours.wait_state(state, self.patience)
        expected = set(self.dialect.addresses) if state == "active" else set()
        wait_for(
            f"our addresses are {expected or 'gone'}",
            lambda: self._held(self.ours.namespace) == expected,
            self.patience,
        )

    def _wait_word(self, priority: int) -> None:
        """Being active is one thing, having an address to speak from another: IPv6 looks for duplicates."""
        wait_for(
            f"an advertisement with priority {priority}",
            lambda: any(vrrp_priority(frame) == priority for _, frame in self.lan.adverts()),
            self.patience,
        )

    def wait_theirs(self, state: str) -> None:
        """What it says of itself."""
        wait_for(f"the other router is {state}", lambda: self.theirs.state() == state, self.patience)

    def _held(self, namespace: Namespace) -> set[str]:
        """The virtual addresses that are on an interface of the namespace."""
        shown = namespace.run("ip", "-o", "address", "show", "dev", "lan")
        return set(re.findall(r"inet6? (\S+)", shown)) & set(self.dialect.addresses)

    def _stays(self, ours: str, theirs: str) -> None:
        """Nobody changes his mind for some intervals."""
        seen = len(self.lan.adverts())
        wait_for("advertisements", lambda: len(self.lan.adverts()) >= seen + _ROUNDS, self.patience * 2)
        assert (self.ours.state(), self.theirs.state()) == (ours, theirs)

    def _discards(self) -> dict[str, int]:
        (interface,) = self.ours.status()["status"]["interfaces"]
        return dict(interface["discards"])

    @property
    def _unknown_checksum(self) -> bool:
        """tshark takes RFC 9568's for a bad one: it knows only the older one with the pseudo-header."""
        return (self.dialect.version, self.dialect.family, self.dialect.checksum) == (3, 4, "rfc9568")

    def _check_packets(self) -> None:
        """What both sent is the same language to a third party, down to the checksum where it knows it."""
        packets = tshark.decode((frame for _, frame in self.lan.read()), self.ours.folder, "vrrp")
        assert len(packets) >= _ROUNDS
        priorities = set()
        for layers in packets:
            vrrp, ip = layers["vrrp"], layers["ip" if self.dialect.family == 4 else "ipv6"]
            kind = vrrp["vrrp.typever_tree"]
            assert (int(kind["vrrp.version"]), kind["vrrp.type"]) == (self.dialect.version, "1")
            ours = int(vrrp["vrrp.prio"]) in (OURS, 0)
            assert vrrp["vrrp.checksum.status"] == ("0" if ours and self._unknown_checksum else "1")
            assert int(vrrp["vrrp.virt_rtr_id"]) == self.dialect.vrid
            assert "_ws.malformed" not in layers
            assert ip.get("ip.ttl", ip.get("ipv6.hlim")) == "255"
            priorities.add(int(vrrp["vrrp.prio"]))
        assert priorities > {OURS}, f"both have spoken: {priorities}"


@contextmanager
def meet(pair: Pair, router: Router, dialect: Dialect) -> Iterator[Meeting]:
    """The router is in the place of the second node of a pair."""
    try:
        yield Meeting(pair.alpha, router, dialect, pair.capture("lan"))
    finally:
        router.kill()
