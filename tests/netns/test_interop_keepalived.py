"""Beside Debian's keepalived: each in either role, in every dialect that both speak.

keepalived before 2.2.8 speaks version 3 over IPv4 only with the checksum of RFC 5798.
"""

import dataclasses
import re
import subprocess

import pytest

from .interop import HIGHER, LOWER, Case, Course, meet, meetings
from .pair import OWN, Pair
from .routers import Dialect, Keepalived
from .waiting import wait_for

V4 = ("192.168.12.1/24",)
V2 = Dialect(2, 1000, V4)
PASSWORD = Dialect(2, 1000, V4, password=True)
V3 = Dialect(3, 100, V4, checksum="rfc5798")
V3_PLAIN = Dialect(3, 100, V4, checksum="rfc9568")
V3_IPV6 = Dialect(3, 100, ("fe80::48:33/64", "2001:db8:12::1/64"))

CASES = meetings(
    (Course.ACTIVE, V2),
    (Course.ACTIVE, PASSWORD),
    *((course, dialect) for course in Course for dialect in (V3, V3_IPV6)),
)


@pytest.mark.parametrize("case", CASES)
def test_keepalived(pair: Pair, case: Case) -> None:
    course, dialect = case
    with meet(pair, Keepalived(pair.beta.namespace, pair.beta.folder), dialect) as meeting:
        meeting.run(course)


def speaks_rfc9568() -> bool:
    done = subprocess.run(["keepalived", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"Keepalived v(\d+)\.(\d+)\.(\d+)", done.stderr + done.stdout)
    assert found
    return tuple(map(int, found.groups())) >= (2, 2, 8)


@pytest.mark.parametrize("course", Course, ids=[course.value for course in Course])
def test_the_checksum_of_rfc9568(pair: Pair, course: Course) -> None:
    """Where keepalived has it, as any other dialect. Where it has not, we understand it all the same, but it
    does not understand us: that is what `checksum = "rfc5798"` is for."""
    router = Keepalived(pair.beta.namespace, pair.beta.folder, plain_checksum=speaks_rfc9568())
    with meet(pair, router, V3_PLAIN) as meeting:
        if speaks_rfc9568() or course is Course.ACTIVE:
            meeting.run(course)
            return
        meeting.start_ours()
        meeting.wait_ours("active")
        router.start(V3_PLAIN, LOWER)
        meeting.wait_theirs("active")
        wait_for("we hear it", lambda: meeting.ours.status()["status"]["peer"], meeting.patience)
        assert meeting.ours.status()["status"]["peer"]["priority"] == LOWER < HIGHER


def test_one_with_ten_times_our_interval_is_followed_from_its_first_advertisement_on(pair: Pair) -> None:
    slow = dataclasses.replace(V3, interval=1000)
    with meet(pair, Keepalived(pair.beta.namespace, pair.beta.folder), V3) as meeting:
        meeting.start_ours()
        meeting.wait_ours("active")
        meeting.theirs.start(slow, HIGHER)
        meeting.wait_theirs("active")
        meeting.wait_ours("backup")
        seen = len(meeting.lan.adverts(OWN["beta"]["lan"]))
        wait_for("some more", lambda: len(meeting.lan.adverts(OWN["beta"]["lan"])) >= seen + 4, within=10)
        assert [change["after"] for change in meeting.ours.history()][-2:] == ["active", "backup"]
        meeting.theirs.kill()
        meeting.wait_ours("active")
