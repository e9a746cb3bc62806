"""The list of what the hotwire carries."""

import re
from pathlib import Path

from hadaemon.hotwire.exclusive import SERVICES

PAGE = Path(__file__).parents[3] / "docs" / "hotwire.md"


def test_the_list_is_the_documented_one():
    documented = re.findall(r"^\| (TCP|UDP) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    carried = [(service.protocol.upper(), str(service.port)) for service in SERVICES]
    assert sorted(documented) == sorted(carried)


def test_nothing_is_listed_twice():
    assert len({(service.protocol, service.port) for service in SERVICES}) == len(SERVICES)
