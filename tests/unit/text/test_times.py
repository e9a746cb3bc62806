"""Moments as people read them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hadaemon.text.times import local_time


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_the_zone_of_the_moment_is_named():
    assert local_time("2026-01-15T07:52:42+00:00") == "2026-01-15 08:52:42 CET"
    assert local_time("2026-07-15T07:52:42.120+00:00") == "2026-07-15 09:52:42.120 CEST"
    assert local_time(datetime(2026, 7, 15, 23, 0, tzinfo=UTC)) == "2026-07-16 01:00:00 CEST"


def test_the_clock_of_the_tests_is_utc():
    assert local_time("2026-07-15T09:52:42+02:00") == "2026-07-15 07:52:42 UTC"
