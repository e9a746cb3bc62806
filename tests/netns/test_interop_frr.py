"""Beside FRR's vrrpd, version 3: each in either role. Over IPv4 it speaks the checksum of RFC 5798."""

import pytest

from .interop import Case, Course, meet, meetings
from .pair import Pair
from .routers import Dialect, Frr

V4 = Dialect(3, 100, ("192.168.12.1/24",), checksum="rfc5798")
V6 = Dialect(3, 100, ("fe80::48:33/64", "2001:db8:12::1/64"))


@pytest.mark.parametrize("case", meetings(*((course, dialect) for course in Course for dialect in (V4, V6))))
def test_frr(pair: Pair, case: Case) -> None:
    course, dialect = case
    with meet(pair, Frr(pair.beta.namespace, pair.beta.folder), dialect) as meeting:
        meeting.run(course)
