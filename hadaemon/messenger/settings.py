"""The messenger's settings, which the setup writes into a file that only the messenger may read."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hadaemon.alarms.model import AlarmSettings, Body, ContentType, Mail, MailTls, Webhook
from hadaemon.alarms.sender import Sender
from hadaemon.errors import HadaemonError
from hadaemon.problems import Severity
from hadaemon.text.reading import read_json
from hadaemon.vrrp.model import IPAddress, IPNetwork

Sources = Sequence[tuple[IPNetwork, IPAddress]]
"""Networks, each with the own address to use there; the first that fits counts."""

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file."""

    sender: Sender
    alarms: AlarmSettings
    sources: Sources

    def source(self, to: IPv4Address | IPv6Address) -> str | None:
        """The own address to speak from; None: the files do not say."""
        return next((str(own) for network, own in self.sources if to in network), None)


def encode(settings: Settings) -> str:
    """The file's text. Secret."""
    return json.dumps(
        {
            "schema": _SCHEMA,
            "sender": dataclasses.asdict(settings.sender),
            "alarms": dataclasses.asdict(settings.alarms),
            "sources": [[str(network), str(own)] for network, own in settings.sources],
        }
    )


def decode(text: str) -> Settings:
    """Raises HadaemonError for anything but what `encode` has written."""
    try:
        raw = read_json(text)
        if raw["schema"] != _SCHEMA:
            raise ValueError("another schema")
        alarms = raw["alarms"]
        webhook, mail = alarms["webhook"], alarms["mail"]
        return Settings(
            Sender(**raw["sender"]),
            AlarmSettings(
                Webhook(**webhook | {"body": _body(webhook["body"])}) if webhook is not None else None,
                Mail(**mail | {"tls": MailTls(mail["tls"]), "recipients": tuple(mail["recipients"])})
                if mail is not None
                else None,
                Severity(alarms["minimum"]),
                alarms["reminder"],
            ),
            tuple((ip_network(network), ip_address(own)) for network, own in raw["sources"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise HadaemonError(
            f"the messenger's settings cannot be understood: {type(error).__name__}"
        ) from error


def _body(raw: dict[str, str] | None) -> Body | None:
    return Body(raw["template"], ContentType(raw["content_type"])) if raw is not None else None
