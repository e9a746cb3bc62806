"""[alarms]: where alarms are sent. No message repeats a secret."""

import base64
import binascii
import re
from urllib.parse import urlsplit

from hadaemon.alarms.model import AlarmSettings, Mail, MailTls, Webhook
from hadaemon.config import network_values, values
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
    ca = table.optional_text("ca", _certificates, None)
    timeout = table.optional_text("timeout", _timeout, 10.0)
    table.close()
    if url is None or timeout is None:
        return None
    if token is not None and not url.startswith("https:"):
        table.note(
            "token", "would be readable by everybody on its way: take an https:// address, or no token"
        )
    return Webhook(url, token, ca, timeout)


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
    if table.has("user") != table.has("password"):
        one, other = ("user", "password") if table.has("user") else ("password", "user")
        table.note(other, f"is missing: the relay wants both, and {one} is there")
    if table.has("password") and tls is MailTls.OFF:
        table.note("password", 'would be readable by everybody on its way: take tls = "starttls" or "tls"')
    if recipients is not None and len(recipients) > _MAX_RECIPIENTS:
        table.note("to", f"has {len(recipients)} addresses, {_MAX_RECIPIENTS} are the limit: take a list's")
    if relay is None or port is None or tls is None or sender is None or recipients is None:
        return None
    return Mail(relay, sender, recipients, port, tls, user, password, ca)


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
        raise ValueError("has a user before @: remove it, and write what the service wants as token")
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
        raise ValueError(f"{shown(text)} is not known: write {', '.join(Severity)}") from None


def _tls(text: str) -> MailTls:
    try:
        return MailTls(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not known: write {', '.join(MailTls)}") from None
