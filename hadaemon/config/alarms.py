"""[alarms]: where alarms are sent. No message repeats a secret."""

import base64
import binascii
import re
from urllib.parse import urlsplit

from hadaemon.alarms.model import AlarmSettings, Body, ContentType, Mail, MailTls, Webhook
from hadaemon.alarms.template import FIELDS, check_form, unknown_fields
from hadaemon.config import network_values, values
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.reader import Table
from hadaemon.config.values import shown
from hadaemon.problems import Severity

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")
"""RFC 6750 §2.1."""
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
"""RFC 5322 §3.2.3: no quotes, no comments, no white space."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----")
_MAX_URL = 2000
_MAX_SECRET = 4096
_MAX_PEM = 64 * 1024
_MAX_BODY = 16 * 1024
"""Characters."""
_MAX_MAIL = 254
"""Characters (RFC 5321 §4.5.3.1)."""
_MAX_RECIPIENTS = 20
_DAYS = 30 * 86400
_SEQUENCE = 0x30
"""The first byte of a certificate in DER."""


def read_alarms(table: Table) -> AlarmSettings | None:
    """None when a mistake was noted."""
    before = len(table.mistakes.found)
    webhook_table, mail_table = table.table("webhook"), table.table("mail")
    minimum = table.optional_text("minimum", _severity, Severity.WARNING)
    reminder = table.optional_text("reminder", _reminder, 0)
    table.close()
    webhook = None if webhook_table is None else _read_webhook(webhook_table)
    mail = None if mail_table is None else _read_mail(mail_table)
    if len(table.mistakes.found) > before or minimum is None or reminder is None:
        return None
    return AlarmSettings(webhook, mail, minimum, reminder)


def _read_webhook(table: Table) -> Webhook | None:
    url = table.text("url", _url, 'url = "https://alarms.example.org/hotspare"')
    token = table.optional_text("token", _token, None)
    user = table.optional_text("user", _user, None)
    password = table.optional_text("password", _credential, None)
    body = _read_body(table)
    ca = table.optional_text("ca", _certificates, None)
    timeout = table.optional_text("timeout", _timeout, 10.0)
    table.close()
    _note_half_an_account(table, "the service")
    if table.has("token") and table.has("user"):
        table.note(
            "token", "cannot go with user, a message has one of them: remove token, or user and password"
        )
    if url is None or timeout is None:
        return None
    for key, value in (("token", token), ("password", password)):
        if value is not None and not url.startswith("https:"):
            table.note(
                key, f"would be readable by everybody on its way: take an https:// address, or no {key}"
            )
    return Webhook(url, token, ca, timeout, user, password, body)


def _read_body(table: Table) -> Body | None:
    """None also where a mistake was noted."""
    template = table.optional_text("body", _template, None)
    content_type = table.optional_text("content_type", _content_type, ContentType.JSON)
    if table.has("content_type") and not table.has("body"):
        table.note("body", "is missing: content_type says what it is, and without it everything goes as JSON")
    if template is None or content_type is None:
        return None
    body = Body(template, content_type)
    try:
        check_form(body)
    except ValueError as error:
        table.note("body", str(error))
    return body


def _read_mail(table: Table) -> Mail | None:
    relay = table.text("relay", network_values.host, 'relay = "mail.example.org"')
    port = table.number("port", 1, 65535, 587)
    tls = table.optional_text("tls", _tls, MailTls.STARTTLS)
    user = table.optional_text("user", _credential, None)
    password = table.optional_text("password", _credential, None)
    sender = table.text("from", mail_address, 'from = "hotspare@example.org"')
    recipients = table.texts("to", mail_address, '["admin@example.org"]', required=True)
    ca = table.optional_text("ca", _certificates, None)
    table.close()
    _note_half_an_account(table, "the relay")
    if table.has("password") and tls is MailTls.OFF:
        table.note("password", 'would be readable by everybody on its way: take tls = "starttls" or "tls"')
    if recipients is not None and len(recipients) > _MAX_RECIPIENTS:
        table.note("to", f"has {len(recipients)} addresses, {_MAX_RECIPIENTS} are the limit: take a list's")
    if relay is None or port is None or tls is None or sender is None or recipients is None:
        return None
    return Mail(relay, sender, recipients, port, tls, user, password, ca)


def _note_half_an_account(table: Table, who: str) -> None:
    if table.has("user") != table.has("password"):
        one, other = ("user", "password") if table.has("user") else ("password", "user")
        table.note(other, f"is missing: {who} wants both, and {one} is there")


def mail_address(text: str) -> str:
    """A bare address (RFC 5321), which cannot carry anything into a header or a command."""
    local, at, domain = text.rpartition("@")
    try:
        if not at or len(text) > _MAX_MAIL or len(local) > 64 or not _LOCAL.match(local):
            raise ValueError
        network_values.domain(domain)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a mail address: write e.g. admin@example.org") from None
    return text


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        scheme = text.partition(":")[0] if ":" in text else ""
        raise ValueError(f"begins with {shown(scheme)}: write a https:// or http:// address")
    if len(text) > _MAX_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(
            f"has white space, control characters, other letters than ASCII, or more than {_MAX_URL}: "
            "write it as in https://alarms.example.org/hotspare"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no address of the web: write https://alarms.example.org/hotspare") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a user before @: remove it, and write user and password, or token, beside url")
    if parts.fragment:
        raise ValueError("has a # in it, which no server would see: remove it")
    if port == 0:
        raise ValueError("has port 0: write another, or none")
    network_values.host(parts.hostname or "")
    return text


def _token(text: str) -> str:
    if len(text) > _MAX_SECRET or not _TOKEN.match(text):
        raise ValueError("is not a bearer token (RFC 6750): letters, digits and -._~+/ only, = at its end")
    return text


def _credential(text: str) -> str:
    if not 1 <= len(text) <= 256 or not text.isprintable() or not text.isascii():
        raise ValueError("must have 1 to 256 printable ASCII characters")
    return text


def _user(text: str) -> str:
    if ":" in text:
        raise ValueError("has a : in it, which ends a user's name (RFC 7617): remove it")
    return _credential(text)


def _template(text: str) -> str:
    if not text.strip() or len(text) > _MAX_BODY:
        raise ValueError(f"is empty, or has more than {_MAX_BODY} characters: write what is sent, or no body")
    for word in unknown_fields(text):
        raise ValueError(f"{{{word}}} is not a field: {did_you_mean(word, FIELDS, 'fields are')}")
    return text


def _content_type(text: str) -> ContentType:
    try:
        return ContentType(text)
    except ValueError:
        raise values.not_known(text, ContentType) from None


def _certificates(text: str) -> str:
    found = _PEM.findall(text)
    try:
        good = bool(found) and all(
            base64.b64decode("".join(each.split()), validate=True)[0] == _SEQUENCE for each in found
        )
    except (binascii.Error, ValueError, IndexError):
        good = False
    if not good or len(text) > _MAX_PEM or _PEM.sub("", text).strip():
        raise ValueError(
            "is not a certificate: write the PEM text between three quotes, from -----BEGIN CERTIFICATE----- "
            "to -----END CERTIFICATE-----, several one after the other"
        )
    return "\n".join(_pem(each) for each in found) + "\n"


def _pem(body: str) -> str:
    """RFC 7468."""
    text = "".join(body.split())
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])


def _timeout(text: str) -> float:
    found = values.delay(text)
    if not 1 <= found <= 60:
        raise ValueError(f"{shown(text)} is out of range: from 1s to 60s")
    return found


def _reminder(text: str) -> int:
    found = network_values.seconds(text)
    if found and not 300 <= found <= _DAYS:
        raise ValueError(f"{shown(text)} is out of range: from 300s to {_DAYS}s, or 0s for none")
    return found


def _severity(text: str) -> Severity:
    try:
        return Severity(text)
    except ValueError:
        raise values.not_known(text, Severity) from None


def _tls(text: str) -> MailTls:
    try:
        return MailTls(text)
    except ValueError:
        raise values.not_known(text, MailTls) from None
