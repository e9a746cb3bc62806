"""What keepalived did beside VRRP: routes and mail."""

from collections.abc import Sequence
from dataclasses import replace

from hadaemon.alarms.model import AlarmSettings, Mail, MailTls
from hadaemon.config import network_values
from hadaemon.config.alarms import mail_address
from hadaemon.config.network_model import Route, RouteKind, While, is_in_place_of
from hadaemon.keepalived.interfaces import Draft
from hadaemon.keepalived.model import Keepalived, StaticRoute
from hadaemon.keepalived.ports import Ports
from hadaemon.keepalived.report import Findings

_MAX_RECIPIENTS = 20


def routes_of(
    told: Sequence[Keepalived], ports: Ports, drafts: Sequence[Draft], hotwire: str, findings: Findings
) -> tuple[Route, ...]:
    """Routes of the active node, and those that were there anyway."""
    found: list[Route] = []
    names = {theirs: ours for ours, theirs in ports.sides[1].own_names.items()}
    for side, each in enumerate(told):
        moving = [route for instance in each.instances for route in instance.routes]
        for route in moving:
            findings.carried(
                route.place, f'the route to {route.destination}: [[routes]] with while = "active"'
            )
        for route in each.routes:
            findings.carried(route.place, f"the route to {route.destination}: [[routes]]")
        for route in (*moving, *each.routes):
            device = names.get(route.device, route.device) if side else route.device
            made = _route(route, device, ports, drafts, hotwire, findings)
            if made is not None and route in moving:
                made = replace(made, exists_while=While.ACTIVE)
            if made is not None and not any(is_in_place_of(made, other) for other in found):
                found.append(made)
    return tuple(found)


def _route(
    route: StaticRoute, device: str, ports: Ports, drafts: Sequence[Draft], hotwire: str, findings: Findings
) -> Route | None:
    if route.kind is not RouteKind.UNICAST:
        return Route(route.destination, metric=route.metric, kind=route.kind)
    if not device:
        near = [
            draft.interface
            for draft in drafts
            for address in draft.addresses.values()
            if route.gateway is not None and route.gateway in address.network
        ]
        near += [
            interface
            for (_, interface), own in ports.own.items()
            for address in own
            if route.gateway is not None and route.gateway in address.network
        ]
        device = near[0] if near else ""
    if not device or device == hotwire or device == "lo":
        where = f"the hotwire, {device}" if device and device == hotwire else "no port that is known"
        findings.lost(
            route.place,
            f"the route to {route.destination}: its way is by {where}",
            "write it into cluster.toml as [[routes]], with its port",
        )
        return None
    return Route(route.destination, route.gateway, ports.use(device), route.metric)


def alarms_of(told: Sequence[Keepalived], findings: Findings) -> AlarmSettings | None:
    """Mail of keepalived's becomes mail of our alarms."""
    for each in told:
        wanted = [inner.at("smtp_alert") for inner in each.instances if inner.smtp_alert]
        wanted += [inner.place for inner in each.groups if inner.smtp_alert]
        mail = each.globals.mail
        if mail is not None and (wanted or each.globals.smtp_alert):
            return _alarms(each, findings)
        if mail is not None:
            findings.carried(mail.place, "smtp_server: without smtp_alert no mail is sent")
        for place in wanted:
            findings.lost(place, "smtp_alert: no smtp_server is in this file", _MAIL_TODO)
    return None


_MAIL_TODO = "write [alarms.mail]: docs/alarms.md#where-they-go"


def _alarms(told: Keepalived, findings: Findings) -> AlarmSettings | None:
    mail = told.globals.mail
    assert mail is not None
    try:
        relay = network_values.host(mail.server)
        recipients = tuple(mail_address(_bare(each)) for each in mail.recipients)
        sender = mail_address(_bare(mail.sender)) if mail.sender else next(iter(recipients), "")
        if relay in ("localhost", "::1") or not recipients or len(recipients) > _MAX_RECIPIENTS:
            raise ValueError("no mail server runs on the node itself, and there are 1 to 20 recipients")
    except ValueError as error:
        findings.lost(mail.place, f"smtp_alert: {error}", _MAIL_TODO)
        return None
    findings.changed(
        mail.place,
        "smtp_alert: mail is sent of every alarm, not of every change of a state",
        "choose what is sent with alarms.minimum; encrypt it with tls, if the relay can",
    )
    return AlarmSettings(mail=Mail(relay, sender, recipients, mail.port, MailTls.OFF))


def _bare(text: str) -> str:
    """`Name <address>` without the name."""
    inner = text.partition("<")[2].partition(">")[0]
    return inner or text
