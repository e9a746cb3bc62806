"""The pair in namespaces: made for each test, and gone without a trace after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .namespaces import Namespaces
from .pair import Pair, build_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with Namespaces() as namespaces:
        built = build_pair(namespaces, tmp_path)
        yield built
        built.check_logs()
