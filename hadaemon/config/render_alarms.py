"""[alarms] back to TOML."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.alarms.model import AlarmSettings, Mail, Webhook


def alarm_lines(alarms: AlarmSettings, path: str, secrets: bool) -> Iterator[str]:
    """`path` of the table. Without its secrets a webhook, and a mail account, are left out."""
    yield f"[{path}]"
    yield f"minimum = {_string(alarms.minimum)}"
    yield f'reminder = "{alarms.reminder}s"'
    if alarms.webhook is not None and secrets:
        yield from (f"[{path}.webhook]", *_webhook(alarms.webhook))
    if alarms.mail is not None:
        yield from (f"[{path}.mail]", *_mail(alarms.mail, secrets))


def _webhook(webhook: Webhook) -> Iterator[str]:
    yield f"url = {_string(webhook.url)}"
    if webhook.token is not None:
        yield f"token = {_string(webhook.token)}"
    if webhook.user is not None and webhook.password is not None:
        yield f"user = {_string(webhook.user)}"
        yield f"password = {_string(webhook.password)}"
    if webhook.body is not None:
        yield f"body = {_string(webhook.body.template)}"
        yield f"content_type = {_string(webhook.body.content_type)}"
    if webhook.ca is not None:
        yield f"ca = {_string(webhook.ca)}"
    yield f'timeout = "{webhook.timeout * 1000:.0f}ms"'


def _mail(mail: Mail, secrets: bool) -> Iterator[str]:
    yield f"relay = {_string(mail.relay)}"
    yield f"port = {mail.port}"
    yield f"tls = {_string(mail.tls)}"
    yield f"from = {_string(mail.sender)}"
    yield f"to = {_strings(mail.recipients)}"
    if mail.user is not None and mail.password is not None and secrets:
        yield f"user = {_string(mail.user)}"
        yield f"password = {_string(mail.password)}"
    if mail.ca is not None:
        yield f"ca = {_string(mail.ca)}"


def _string(value: str) -> str:
    """A JSON string of ASCII is a TOML basic string, line breaks included."""
    return json.dumps(value)


def _strings(items: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, items))}]"
