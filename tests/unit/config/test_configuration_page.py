"""docs/configuration.md says what the code does: its examples are valid, its keys exist."""

import re
from pathlib import Path

import pytest

from hadaemon.config import ConfigError, check_pair, load_cluster, load_node, load_preseed
from hadaemon.config.address_rules import RULES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml (\S+)\n(.*?)```", PAGE, re.DOTALL))
LOADERS = {"node.toml": load_node, "cluster.toml": load_cluster, "preseed.toml": load_preseed}


def table_after(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading, without its head."""
    rest = PAGE[PAGE.index(heading) :]
    lines = rest[rest.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines[2:]]


def keys_of(file: str) -> set[str]:
    common = [] if file == "preseed.toml" else table_after("\n## Keys of both files")
    return {row[0].strip("`") for row in (*table_after(f"\n## {file}"), *common)}


@pytest.mark.parametrize("file", LOADERS)
def test_the_example_is_valid(file):
    LOADERS[file](EXAMPLES[file])


def test_the_example_of_the_readme_is_a_valid_preseed():
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    load_preseed(example)


def test_the_examples_of_node_and_cluster_fit_together():
    check_pair(load_node(EXAMPLES["node.toml"]), load_cluster(EXAMPLES["cluster.toml"]))


def test_the_examples_of_the_networks_page_fit_together():
    page = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    examples = dict(re.findall(r"```toml (\S+)\n(.*?)```", page, re.DOTALL))
    check_pair(load_node(examples["node.toml"]), load_cluster(examples["cluster.toml"]))


def test_two_keepalived_instances_over_one_link_can_be_said_in_our_words():
    cluster = load_cluster(EXAMPLES["firewalls.toml"])
    check_pair(load_node(EXAMPLES["fw01.toml"]), cluster)
    assert [(one.vrid, *map(str, one.virtual_addresses)) for one in cluster.ha_interfaces] == [
        (1, "192.168.1.10/24"),
        (2, "10.10.2.254/24"),
    ]


def normal(path: str, file: str) -> str:
    path = re.sub(r"\[\d+\]", "[]", path)
    return re.sub(r"^ports\.\w+", "ports.<name>", path) if file == "node.toml" else path


COMMON = (
    "routes[]",
    "policy_routes[]",
    "dns",
    "ntp",
    "ssh",
    "syslog",
    "alarms",
    "alarms.webhook",
    "alarms.mail",
)
HEADINGS = {"vrrp", "election", "conntrack"}
"""Tables without a row of their own."""
PROBES = {
    "node.toml": ["", "ports.probe", *COMMON],
    "cluster.toml": [
        *("", "vrrp", "vrrp.authentication", "hotwire", "election", "conntrack"),
        *("ha_interfaces[]", "ha_interfaces[].router_advertisements", "ping_groups[]"),
        *("tracked_routes[]", "checks[]", "hooks[]", *COMMON),
        *("firewall", "firewall.rules[]", "firewall.source_nat[]", "firewall.destination_nat[]"),
        *("follow", "follow.services[]", "follow.wireguard[]", "follow.wireguard[].peers[]"),
        *("follow.pppoe[]", "follow.dhcp[]", "follow.haproxy"),
    ],
    "preseed.toml": ["", "admin", "hotwire"],
}


def header_of(table: str) -> str:
    """What stands above the keys of a table; above it, arrays that it is in."""
    *outer, name = table.removesuffix("[]").split("[].")
    above = "".join(f"[[{each}]]\n" for each in outer)
    path = ".".join((*outer, name))
    return f"{above}[[{path}]]\n" if table.endswith("[]") else f"{above}[{path}]\n" if table else ""


@pytest.mark.parametrize("file", LOADERS)
def test_every_key_that_is_read_is_documented_and_no_other(file):
    """An unknown key in each table makes the reader name the keys that it knows."""
    known = set()
    for table in PROBES[file]:
        header = header_of(table)
        with pytest.raises(ConfigError) as refused:
            LOADERS[file](f'schema = 1\n{header}"?" = 1')
        (hint,) = [
            problem.message.removeprefix("unknown key: known are: ")
            for problem in refused.value.mistakes
            if problem.path.endswith('"?"')
        ]
        prefix = {"": "", "ports.probe": "ports.<name>."}.get(table, f"{table}.")
        known |= {f"{prefix}{key}" for key in hint.split(", ")}
    documented = keys_of(file)
    missing, unknown = known - HEADINGS - documented, documented - known
    assert not missing, f"docs/configuration.md, {file}: add a row for each of {sorted(missing)}"
    assert not unknown, f"docs/configuration.md, {file}: no reader knows {sorted(unknown)}"


@pytest.mark.parametrize("file", LOADERS)
def test_every_documented_default_is_accepted(file):
    """Keys with a default may be left out: the minimal files hold only what is required."""
    minimal = {
        "node.toml": 'schema = 1\nname = "a"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n',
        "cluster.toml": 'schema = 1\nname = "a"\nmaster = "b"\n[[ha_interfaces]]\nport = "lan"\n'
        'virtual_addresses = ["192.0.2.1/24"]\n',
        "preseed.toml": 'schema = 1\n[admin]\npassword_hash = "$6$abcdefgh$abcdefgh"\n[node]\nname = "a"\n'
        '[node.ports.lan]\nmac = "52:54:00:48:0a:01"\n',
    }
    LOADERS[file](minimal[file])


def test_the_table_of_contradictions_is_that_of_the_code():
    def cell(text: str) -> str:
        return re.sub(r"(\[\[?[a-z.]+\]\]?|(?<!`)to = \[\"node\"\])", r"`\1`", text)

    expected = [
        [", ".join(rule.ones), rule.when.words, ", ".join(rule.others), str(rule.then), cell(rule.why)]
        for rule in RULES
    ]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in expected)
    found = table_after("\n## Addresses that contradict each other")
    assert found == expected, f"docs/configuration.md: write these rows:\n{rows}"
