"""The body of a webhook by a template: each field, in each content type."""

import json
from urllib.parse import parse_qs

import pytest

from hadaemon.alarms.message import webhook_body
from hadaemon.alarms.model import Alarm, Body, ContentType
from hadaemon.alarms.outbox import Notice
from hadaemon.alarms.sender import Sender
from hadaemon.alarms.template import FIELDS
from hadaemon.problems import Severity

AWKWARD = 'port lan: "no" carrier\\\n100 % ü & {kind}'
ALARM = Alarm("link-down", "lan", Severity.MAJOR, AWKWARD, "2026-01-01T00:00:00.000+00:00")


def sent(template: str, content_type: ContentType = ContentType.JSON, cluster: str | None = "office") -> str:
    notice = Notice(ALARM, reminder=True)
    return webhook_body(notice, Sender("alpha", cluster), Body(template, content_type)).decode()


def test_every_field_is_what_is_sent_without_a_template():
    plain = json.loads(webhook_body(Notice(ALARM), Sender("alpha", "office")))
    assert set(FIELDS) == (set(plain) - {"schema"}) | {"subject"}
    told = json.loads(sent(json.dumps({name: f"{{{name}}}" for name in FIELDS})))
    assert told.pop("subject") == "[hotspare alpha] MAJOR: link-down lan (reminder)"
    assert (told.pop("pair"), told.pop("reminder"), told.pop("test")) == ("false", "true", "false")
    assert told.pop("cleared_at") == ""
    assert told == {name: plain[name] for name in told}


def test_a_value_cannot_leave_its_place():
    assert json.loads(sent('{"a": "{text}", "b": ["x {kind} y"], "{node}": 1}')) == {
        "a": AWKWARD,
        "b": ["x link-down y"],
        "alpha": 1,
    }
    form = sent("a={text}&title={subject}&priority=1", ContentType.FORM)
    assert parse_qs(form, strict_parsing=True) == {
        "a": [AWKWARD],
        "title": ["[hotspare alpha] MAJOR: link-down lan (reminder)"],
        "priority": ["1"],
    }
    assert sent("{node}: {text}", ContentType.TEXT) == f"alpha: {AWKWARD}"


@pytest.mark.parametrize("content_type", ContentType)
def test_a_node_that_stands_alone_has_no_cluster(content_type: ContentType):
    assert sent('"{cluster}"', content_type, cluster=None) == '""'


def test_other_braces_are_what_they_are():
    assert sent("{} { text } {1} {{kind}}", ContentType.TEXT) == "{} { text } {1} {link-down}"
