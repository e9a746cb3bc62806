"""The page of what is defended names tests: each exists, in the suite that is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`--(\w+)`: ((?:`\w+`(?:, )?)+)", PAGE)))
"""Suite, and the names of its tests or files."""


def there_are(suite: str, name: str) -> bool:
    """As pytest's -k finds them: by the name of a test or of its file."""
    files = list((ROOT / "tests" / suite).rglob("test_*.py"))
    return any(name in file.stem for file in files) or any(
        re.search(rf"^(?:async )?def test_\w*{name}", file.read_text(encoding="utf-8"), re.MULTILINE)
        for file in files
    )


def test_it_names_tests() -> None:
    assert len(NAMED) > 10


@pytest.mark.parametrize("suite, names", NAMED, ids=[" ".join(each).replace("`", "") for each in NAMED])
def test_each_test_that_is_named_exists(suite: str, names: str) -> None:
    for name in re.findall(r"`(\w+)`", names):
        assert there_are(suite, name), f"{suite}: {name}"
