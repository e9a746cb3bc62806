"""docs/alarms.md says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from hadaemon.alarms.message import webhook_body
from hadaemon.alarms.model import Alarm
from hadaemon.alarms.outbox import Notice
from hadaemon.alarms.sender import Sender
from hadaemon.alarms.template import FIELDS
from hadaemon.config import load_node
from hadaemon.problems import kinds
from hadaemon.problems.kinds import KINDS, Kind
from hadaemon.status.pair import WORDS

PAGE = (Path(__file__).parents[3] / "docs/alarms.md").read_text(encoding="utf-8")


def test_every_kind_is_in_the_table_as_it_is():
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (\w+) \|(?: (\d+) s)? \|(?: ([a-z ]+))? \| (.*) \|$", PAGE, re.MULTILINE
    )
    order = "docs/alarms.md has one row for each of KINDS, in their order"
    assert [row[0] for row in rows] == [kind.word for kind in KINDS], order
    for (word, severity, after, pair_is, meaning), kind in zip(rows, KINDS, strict=True):
        assert (word, severity) == (kind.word, kind.severity)
        assert pair_is == (WORDS[kind.loss] if kind.loss else ""), word
        assert meaning == ("pair: " if kind.pair else "") + kind.meaning
        if kind.word != "daemon-silent":
            assert int(after or 0) == kind.raise_after


def test_no_kind_is_left_out_of_kinds():
    declared = {kind.word for kind in vars(kinds).values() if isinstance(kind, Kind)}
    assert declared == {kind.word for kind in KINDS}, "hadaemon/problems/kinds.py: KINDS names each of them"


EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_valid(example: str):
    tomllib.loads(example)
    load_node(f'schema = 1\nname = "a"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n{example}')


def test_every_field_of_a_body_is_named():
    page = PAGE[PAGE.index("## Another body") :]
    assert [name for name in FIELDS if f"`{name}`" not in page] == []


def test_the_message_is_what_is_sent():
    import json

    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    told = json.loads(shown)
    kind = next(kind for kind in KINDS if kind.word == told["kind"])
    alarm = Alarm(kind.word, told["resource"], kind.severity, told["text"], told["raised_at"], pair=kind.pair)
    assert json.loads(webhook_body(Notice(alarm), Sender("alpha", "office"))) == told
