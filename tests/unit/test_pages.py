"""Every block of the README and of docs/ is as people take it: commands are accepted, files can be read.

A block says what it is by its first word: `sh` (lines to be typed), `console` (what is typed after `$`, and
what comes), `toml` and other languages, or `text`. Commands in the midst of a sentence are tried as well.
"""

import re
import shlex
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from invoke.tasks import Task

from firmware import tasks
from firmware.__main__ import TaskRunner
from firmware.errors import FirmwareError
from firmware.lab.setups import setup_of
from firmware.provision.answers import read_site
from hadaemon.cli.parser import build_parser
from hadaemon.commands.on_peer import may_run
from hadaemon.commands.table import COMMANDS
from hadaemon.config import check_pair, load_cluster, load_node, load_preseed, shared_ports
from hadaemon.firewall.snippets import Snippet, snippet_problems

TASKS = {each.name for each in vars(tasks).values() if isinstance(each, Task)}
ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^( *)```(?P<kind>[^\n`]*)\n(?P<text>.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    page: str
    line: int
    kind: str
    """All that stands behind the three marks."""
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        for found in FENCE.finditer(page):
            line = page.count("\n", 0, found.start()) + 1
            yield Block(str(path.relative_to(ROOT)), line, found["kind"], found["text"])


BLOCKS = tuple(blocks())
MEASURED = "benchmarks-"
"""These pages are written by the benchmarks, what was printed in them included."""


def of(*kinds: str) -> list[Any]:
    found = [pytest.param(each, id=each.place) for each in BLOCKS if each.kind.split(" ")[0] in kinds]
    assert found
    return found


SHOWN = {
    "text": "what a program prints, or a drawing",
    "json": "what a program prints; test_alarms_page holds it against the code",
    "python": "for the lab's own tests; they are run there",
    "haproxy": "the netns tests start HAProxy with it",
}
TRIED = ("sh", "console", "toml", "nft")


def test_every_block_says_what_it_is() -> None:
    kinds = {each.kind.split(" ")[0]: each.place for each in BLOCKS if MEASURED not in each.page}
    assert kinds.keys() - SHOWN.keys() <= set(TRIED), kinds


def test_no_line_is_shown_as_text_that_is_to_be_typed() -> None:
    typed = re.compile(r"^(\$ |sudo |hactl [a-z]|python3 invoke)", re.MULTILINE)
    assert [each.place for each in BLOCKS if each.kind in ("", "text") and typed.search(each.text)] == []


# Commands

OTHERS = {
    "printf": "its output goes to a command that is tried here",
    "socat": "of the host, onto a serial console of the lab",
    "wireshark": "of the host, onto a capture of the lab",
    ".venv/bin/python": "pytest itself, for developers",
    "scp": "of the administrator's own machine",
    "ssh-keyscan": "of the administrator's own machine",
    "ssh-keygen": "of the node's system",
    "ssh": "of the administrator's own machine",
    "mount": "of the node's system",
    "umount": "of the node's system",
    "cp": "of the node's system",
    "lsblk": "of the node's system",
}
"""Programs that are not ours, and why no test runs them."""


def lines(block: Block) -> Iterator[str]:
    """What is typed, each command whole."""
    text = block.text.replace("\\\n", " ")
    for line in text.replace("|\n", "| ").splitlines():
        if block.kind.startswith("console"):
            if line.startswith("$ "):
                yield line.removeprefix("$ ")
        elif line.strip():
            yield line


def commands(line: str) -> Iterator[list[str]]:
    """The words of each command of a line, without `sudo`, variables and comments."""
    words: list[str] = []
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>()")
    lexer.whitespace_split = True
    for word in (*lexer, "|"):
        if word in ("|", "||", "&&", ";", "&"):
            while words and (words[0] == "sudo" or re.match(r"[A-Z_]+=", words[0])):
                del words[0]
            if words:
                yield words
            words = []
        else:
            words.append(word)


def accept_hactl(words: list[str]) -> None:
    """Raises SystemExit or AssertionError: hactl knows no such command."""
    if words[:1] == ["--peer"]:
        assert may_run(words[1:]), words
        return
    assert callable(build_parser().parse_args(words).run)


class Parsed(Exception):
    """The command line was read; nothing is run."""


class Reader(TaskRunner):
    """Reads as the task runner does, and stops there."""

    def execute(self) -> None:
        raise Parsed([(context.name, context.as_kwargs) for context in self.tasks])


def read_by_invoke(words: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The tasks, each with its options. Raises SystemExit."""
    try:
        Reader().run(["invoke.py", *words])
    except Parsed as parsed:
        found: list[tuple[str, dict[str, Any]]] = parsed.args[0]
        return found
    return []


def accept(words: list[str]) -> None:
    program, *rest = words
    if program == "hactl":
        accept_hactl(rest)
    elif words[:2] == ["python3", "invoke.py"]:
        for name, typed in read_by_invoke(words[2:]):
            if name in tasks.OPTIONS:
                tasks.OPTIONS[name].typed(typed)
    else:
        assert program in OTHERS, f"say in OTHERS why nobody tries {program}"


@pytest.mark.parametrize("block", of("sh", "console"))
def test_every_command_is_accepted(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    typed = [words for line in lines(block) for words in commands(line)]
    assert typed, "there is nothing to type in it: call it text"
    for words in typed:
        try:
            accept(words)
        except (SystemExit, AssertionError, FirmwareError) as error:
            pytest.fail(f"{block.place}: {shlex.join(words)}: {error} {capsys.readouterr().err}")


NEED_ROOT = {
    each.path
    for each in COMMANDS
    if each.examples and all(line.startswith("sudo ") for line, _ in each.examples)
}
"""All of their examples say so."""


@pytest.mark.parametrize("block", of("sh", "console"))
def test_what_needs_root_is_typed_with_sudo(block: Block) -> None:
    for line in lines(block):
        for path in NEED_ROOT:
            assert not line.startswith(f"hactl {path} "), f"{block.place}: sudo hactl {path}"


@pytest.mark.parametrize("page", ["firmware.md", "setup.md", "troubleshooting.md"])
def test_the_firmwares_status_is_asked_for_with_sudo(page: str) -> None:
    """But where the words of a message are quoted."""
    text = re.sub(r'"[^"|]*"', "", FENCE.sub("", (ROOT / "docs" / page).read_text(encoding="utf-8")))
    assert "sudo hactl firmware status" in text
    assert "`hactl firmware status" not in text


@pytest.mark.parametrize("page", ["building.md", "setup.md", "troubleshooting.md"])
def test_every_way_to_a_first_start_says_how_secure_boot_must_be(page: str) -> None:
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert re.search(r"Secure Boot (must be off|off)|must be \*\*off\*\*", text)


PLACEHOLDERS = {"N": "5", "SECONDS": "5", "COMMAND": "status"}
"""What is typed in place of a word in capitals, where a program reads more than a name."""
SPAN = re.compile(r"(?<!`)`((?:sudo )?(?:hactl|python3 invoke\.py) [^`…]+)`")
NAMES = {("hactl", *each.path.split()) for each in COMMANDS} | {
    ("python3", "invoke.py", name) for name in TASKS
}
NAMES.add(("hactl", "--peer"))


def written_out(synopsis: str) -> Iterator[str]:
    r"""The shortest and the longest command of `hactl x [--last N]`; of `FILE\|URL` the first."""
    text = re.sub(r"(\w+)(\\?\|\w+)+", r"\1", " ".join(synopsis.split()))
    for choice in (re.sub(r"\[[^][]*\]", "", re.sub(r"\[[^][]*\]", "", text)), re.sub(r"[][]", "", text)):
        yield " ".join(PLACEHOLDERS.get(word, word) for word in choice.split())


def mentioned() -> Iterator[Any]:
    for path in PAGES:
        page = FENCE.sub("", path.read_text(encoding="utf-8"))
        told = sorted({" ".join(found[1].split()) for found in SPAN.finditer(page)})
        yield pytest.param(told, id=path.name)


@pytest.mark.parametrize("told", list(mentioned()))
def test_every_command_in_a_sentence_is_one(told: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It is named by its words alone, or it is accepted as it stands."""
    for synopsis in told:
        for typed in written_out(synopsis):
            for words in commands(typed):
                if tuple(words) not in NAMES:
                    try:
                        accept(words)
                    except (SystemExit, AssertionError) as error:
                        pytest.fail(f"{synopsis!r}: {error} {capsys.readouterr().err}")


# Files

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
[ports.hotwire]
mac = "52:54:00:48:0a:03"
[ports.modem]
mac = "52:54:00:48:0a:04"
[ports.guest]
mac = "52:54:00:48:0a:05"
[ports.inside]
mac = "52:54:00:48:0a:06"
[ports.outside]
mac = "52:54:00:48:0a:07"
"""
"""A node that has every port of the examples."""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24", "192.168.200.1/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
"""
KEY = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="


def read_part(text: str) -> None:
    """Some tables of cluster.toml. A key that is left out is any key."""
    check_pair(load_node(NODE), load_cluster(CLUSTER + text.replace('key = "…"', f'key = "{KEY}"')))


def read_part_of_both(text: str) -> None:
    load_node(NODE + text)
    read_part(text)


def read_for_both(text: str) -> None:
    """[nodes] and [ports]: each of the two nodes has its own values."""
    for name in ("alpha", "beta"):
        node = NODE.replace('"alpha"', f'"{name}"')
        own = load_node(node, shared=shared_ports(node, CLUSTER + text))
        check_pair(own, load_cluster(CLUSTER + text, node=name))


def read_lab(text: str) -> None:
    """What is around a pair, as `pair --setup` reads it beside the pair's own files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lab.toml").write_text(text)
        (folder / "cluster.toml").write_text(CLUSTER[: CLUSTER.index('[[ha_interfaces]]\nport = "wan"')])
        for node in ("alpha", "beta"):
            (folder / node).mkdir()
            own = re.sub(r"\[ports\.(?!lan|hotwire).*\nmac.*\n(addresses.*\n)?", "", NODE)
            cards = own.replace('"alpha"', f'"{node}"').replace(
                "52:54", "52:54" if node == "alpha" else "52:55"
            )
            (folder / node / "node.toml").write_text(cards)
        setup_of(folder)


READERS: dict[str, Callable[[str], object]] = {
    "node.toml": load_node,
    "fw01.toml": load_node,
    "cluster.toml": load_cluster,
    "firewalls.toml": load_cluster,
    "preseed.toml": load_preseed,
    "policy": read_part,
    "hairpin": read_part,
    "both": read_for_both,
    "lab.toml": read_lab,
    "README.md": load_preseed,
    "docs/alarms.md": read_part_of_both,
    "docs/checks.md": read_part,
    "docs/conntrack.md": read_part,
    "docs/firewall.md": read_part,
    "docs/network.md": read_part,
    "docs/provisioning.md": lambda text: read_site(text, "site.toml"),
    "docs/services.md": read_part,
}
"""By the word behind `toml`, or else by the page."""


@pytest.mark.parametrize("block", of("toml"))
def test_every_file_is_read_by_its_reader(block: Block) -> None:
    _, _, word = block.kind.partition(" ")
    tomllib.loads(block.text)
    READERS[word or block.page](block.text)


@pytest.mark.parametrize("block", of("nft"))
def test_every_snippet_is_one(block: Block) -> None:
    """tests/netns has nftables itself read them."""
    assert list(snippet_problems([Snippet("10-own.nft", block.text)], {})) == []
