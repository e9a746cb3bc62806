"""Everything that the menu asks can come from a preseed: by the same rules, and to the same end."""

import ast
import re
from pathlib import Path

import pytest
import tomli_w

from firmware.screens.box import Box
from hadaemon.config import check_preseed, load_preseed
from hadaemon.menu import account, create, dhcp, dial_in, first_boot, internet, join, network, reach
from tests.unit.console.talking import Person, set_up
from tests.unit.menu.test_first_boot import ALONE, CREATE, JOIN

MODULES = (account, create, dhcp, dial_in, first_boot, internet, join, network, reach)
PAGE = (Path(__file__).parents[3] / "docs/configuration.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("\n## preseed.toml") :]
ROWS = dict(
    re.findall(r"^\| `([a-zA-Z-]+)` \| (.*) \|$", SECTION[SECTION.index("| question |") :], re.MULTILINE)
)
FULL = CREATE | {
    "admin": ["both"],
    "ssh-key": [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUsyz1HwHReFVvD8obgsATrJsDxytavwJ7dIz/HW admin@office"
    ],
    "gateway": ["192.168.175.1"],
    "dns": ["192.168.12.53"],
    "ntp": ["ntp.example.org"],
    "ssh": ["lan"],
    "vrid-offset": ["60"],
    "follow-services": ["example.service"],
}


def questions() -> set[str]:
    """The word of every question of the first set-up, as the code has it."""
    found = set()
    for module in MODULES:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Ask", "Choose"):
                found.add(word(node.args[0]))
    return found


def word(key: ast.expr) -> str:
    if isinstance(key, ast.Constant):
        return str(key.value)
    assert isinstance(key, ast.JoinedStr), ast.dump(key)
    parts = [str(part.value) if isinstance(part, ast.Constant) else None for part in key.values]
    return "".join(
        {"port-": "port-N"}.get(str(parts[0]), str(parts[0]) + "PORT") if at == 0 else part or ""
        for at, part in enumerate(parts)
    )


def test_the_page_says_of_every_question_where_a_preseed_has_it() -> None:
    assert questions() == set(ROWS), "see the table of questions in docs/configuration.md"


def test_every_place_that_the_page_names_is_a_key() -> None:
    tables = set(re.findall(r"^\| `([a-z_0-9.<>\[\]]+)` \|", PAGE, re.MULTILINE))
    named = {path for cell in ROWS.values() for path in re.findall(r"`([a-z_.<>\[\]]+)`", cell)}
    known = {f"{part}.{key}" for part in ("node", "cluster") for key in tables} | tables
    known |= {f"{part}.{key.partition('[')[0]}" for part in ("node", "cluster") for key in tables}
    headings = {"cluster.vrrp.authentication", "cluster.hotwire"}
    assert named <= known | headings | {"node", "cluster"}, named - known
    assert len(named) > 20


@pytest.mark.parametrize("answers", [ALONE, CREATE, JOIN, FULL], ids=["alone", "create", "join", "full"])
def test_what_the_answers_make_is_a_preseed_to_the_letter(answers: dict[str, list[str]]) -> None:
    """Written to a file and read from a stick, it is the same node."""
    box = Box()
    set_up(Person(answers), box)
    for raw in box.stored():
        assert load_preseed(tomli_w.dumps(raw)) == check_preseed(raw)


def test_the_fullest_answers_reach_every_place() -> None:
    box = Box()
    person = Person(FULL)
    set_up(person, box)
    (raw,) = box.stored()
    assert {"name", "language", "time_zone", "ports"} == set(raw["node"])
    assert set(raw["admin"]) == {"password_hash", "ssh_keys"}
    assert {"name", "master", "hotwire", "vrrp", "ha_interfaces", "follow", "firewall"} <= set(raw["cluster"])
    assert {"routes", "dns", "ntp", "ssh"} <= set(raw["cluster"]), "a spare is not asked again"
    assert raw["cluster"]["vrrp"]["vrid_offset"] == 60
