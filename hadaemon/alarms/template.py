"""The body of a webhook as its service wants it: a text of the administrator's with fields, such as {text}.

A word between braces is a field; other braces are what they are, so that JSON needs no escapes. JSON has
words between braces nowhere but in its strings: a template that is JSON is JSON when it is filled in, too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from hadaemon.alarms.model import Body, ContentType
from hadaemon.text.reading import read_json

FIELDS = (
    *("subject", "id", "state", "severity", "kind", "resource", "text", "raised_at", "cleared_at"),
    *("node", "cluster", "pair", "reminder", "test"),
)
"""Those of the message without a template, and the subject of a mail. For ever: configurations name them."""
_FIELD = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)\}")
_URL_TEXT = re.compile(r"[!-~]*\Z")


def unknown_fields(template: str) -> Iterator[str]:
    """The words between braces that are no fields."""
    return (word for word in _FIELD.findall(template) if word not in FIELDS)


def check_form(body: Body) -> None:
    """Raises ValueError, which repeats nothing of the template, where it is not of its content type."""
    match body.content_type:
        case ContentType.JSON:
            _check_json(body.template)
        case ContentType.FORM if not _URL_TEXT.match(body.template):
            raise ValueError(
                "has white space, or other letters than ASCII, which a form has not: write it on one line, "
                "with + for a space and % for the rest"
            )


def filled(body: Body, values: Mapping[str, Any]) -> bytes:
    """The template with these values of all FIELDS, each written as the content type wants it."""

    def value(found: re.Match[str]) -> str:
        text = _text(values[found[1]])
        match body.content_type:
            case ContentType.JSON:
                return json.dumps(text)[1:-1]
            case ContentType.FORM:
                return quote(text, safe="", errors="replace")
            case ContentType.TEXT:
                return text

    return _FIELD.sub(value, body.template).encode(errors="replace")


def _text(value: object) -> str:
    """What is not there is empty, and yes and no are JSON's words."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_json(template: str) -> None:
    try:
        read_json(template)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}: write it as JSON, with "
            f'fields in its strings only, or name another content_type, e.g. "{ContentType.TEXT}"'
        ) from None
    except ValueError:
        raise ValueError("is not JSON: a number in it is none, or too much is nested") from None
