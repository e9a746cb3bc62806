"""The pair in namespaces: made for each test, and gone without a trace after it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hotwire import HotwirePair, build_hotwire_pair
from .namespaces import Namespaces
from .pair import Pair, build_pair
from .tracked import Tracked


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with Namespaces() as namespaces:
        built = build_pair(namespaces, tmp_path)
        yield built
        built.check_logs()


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[HotwirePair]:
    """A pair with a hotwire."""
    with Namespaces() as namespaces:
        built = build_hotwire_pair(namespaces, tmp_path)
        yield built
        built.check_logs()


@pytest.fixture
def untold(tmp_path: Path) -> Iterator[Tracked]:
    """A pair whose daemons, which do not run yet, will have a helper for conntrackd."""
    with Namespaces() as namespaces, contextlib.ExitStack() as stack:
        built = Tracked(build_hotwire_pair(namespaces, tmp_path), namespaces)
        for helper in built.helpers.values():
            stack.callback(helper.close)
        yield built
        built.pair.check_logs()


@pytest.fixture
def tracked(untold: Tracked) -> Tracked:
    """A pair that tells its connections."""
    untold.start()
    return untold
