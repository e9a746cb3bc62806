"""The first cluster.toml is one for people, and says the same as without its comments."""

import tomllib

from firmware.screens.box import Box
from hadaemon.config import check_preseed, load_cluster
from hadaemon.config.commented import commented
from hadaemon.config.render import render_cluster
from tests.unit.console.talking import Person, set_up
from tests.unit.menu.test_first_boot import CREATE, REACH

LEASES = {"virtual-lan": ["192.168.200.1/24"], "dhcp-server-lan": ["yes"]}


def first_file(**answers: list[str]) -> tuple[str, str]:
    """With comments, and without."""
    box = Box()
    set_up(Person(CREATE | REACH | LEASES | answers), box)
    cluster = check_preseed(box.stored()[0]).cluster
    assert cluster is not None
    plain = render_cluster(cluster)
    return commented(plain), plain


def test_it_says_the_same():
    text, plain = first_file()
    assert load_cluster(text) == load_cluster(plain)


def test_every_table_is_explained_once():
    lines = first_file()[0].splitlines()
    headers = {line for line in lines if line.startswith("[") and line != "[follow]"}
    first = {line: lines[lines.index(line) - 1] for line in headers}
    assert all(before.startswith("# ") for before in first.values()), first
    assert sum(line.startswith("# Ports whose virtual") for line in lines) == 1
    assert max(map(len, lines)) <= 100


def test_the_example_of_a_port_forward_is_good_without_its_marks():
    text, _ = first_file()
    forward = text[text.index("# [[firewall.destination_nat]]") :]
    made = text + "\n".join(line.removeprefix("# ") for line in forward.splitlines())
    (rule,) = load_cluster(made).firewall.destination_nat
    assert str(rule.address) == "192.168.175.101"


def test_without_a_way_out_there_is_no_example():
    text, _ = first_file(internet=["none"])
    assert "destination_nat" not in text
    assert "firewall" not in tomllib.loads(text)
