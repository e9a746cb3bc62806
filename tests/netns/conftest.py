"""The pair in namespaces: made for each test, and gone without a trace after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .hotwire import HotwirePair, build_hotwire_pair
from .namespaces import Namespaces
from .pair import Pair, build_pair


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
