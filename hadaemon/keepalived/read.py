"""Blocks of keepalived.conf to what they mean. Whatever has no counterpart is told with its place."""

from collections.abc import Iterable
from dataclasses import replace

from hadaemon.keepalived import words
from hadaemon.keepalived.model import Globals, Group, Keepalived, MailRelay
from hadaemon.keepalived.read_addresses import read_addresses, read_routes
from hadaemon.keepalived.read_instance import read_instance, tracked_names
from hadaemon.keepalived.read_tracked import TRACKING, read_file, read_process, read_script, read_tracking
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place
from hadaemon.keepalived.tree import Statement
from hadaemon.keepalived.values import flag, number

_BLOCKS = (
    "global_defs",
    "vrrp_instance",
    "vrrp_sync_group",
    "vrrp_script",
    "vrrp_track_process",
    "track_file",
    "vrrp_track_file",
    "static_ipaddress",
    "static_routes",
)


def read_keepalived(tree: Iterable[Statement], file: str, config_id: str, findings: Findings) -> Keepalived:
    """Values that are none are told as wrong, and read as if they were not there."""
    by_kind: dict[str, list[Statement]] = {kind: [] for kind in _BLOCKS}
    for each in tree:
        if each.keyword in by_kind:
            by_kind[each.keyword].append(each)
        else:
            words.tell(each, words.OF_BLOCKS, (*_BLOCKS, *words.OF_BLOCKS), findings)
    settings = _globals(by_kind["global_defs"], findings)
    instances = [read_instance(each, findings) for each in by_kind["vrrp_instance"]]
    _refuse_twice(by_kind["vrrp_instance"], findings)
    return Keepalived(
        file,
        config_id,
        settings,
        tuple(each for each in instances if each is not None),
        tuple(_group(each, findings) for each in by_kind["vrrp_sync_group"]),
        tuple(read_script(each, findings) for each in by_kind["vrrp_script"]),
        tuple(read_process(each, findings) for each in by_kind["vrrp_track_process"]),
        tuple(read_file(each, findings) for each in (*by_kind["track_file"], *by_kind["vrrp_track_file"])),
        tuple(
            replace(address, device=address.device or settings.interface)
            for each in by_kind["static_ipaddress"]
            for address in read_addresses(each, findings)
        ),
        tuple(route for each in by_kind["static_routes"] for route in read_routes(each, findings)),
    )


def _refuse_twice(blocks: Iterable[Statement], findings: Findings) -> None:
    seen: dict[str, Place] = {}
    for each in blocks:
        if each.rest in seen:
            findings.refuse(
                each.place, f"vrrp_instance {each.rest} is at {seen[each.rest]} too: name it anew"
            )
        seen.setdefault(each.rest, each.place)


def _globals(blocks: Iterable[Statement], findings: Findings) -> Globals:
    router_id, version, strict, plain, alert = "", 2, False, False, False
    interface = "eth0"
    statements = [inner for block in blocks for inner in block.within]
    for each in statements:
        match each.keyword:
            case "router_id":
                router_id = each.rest
            case "vrrp_version":
                version = number(each, findings, 2, 3) or version
            case "vrrp_strict":
                strict = flag(each, findings)
            case "v3_checksum_as_v2":
                plain = flag(each, findings)
            case "smtp_alert" | "smtp_alert_vrrp":
                alert = flag(each, findings)
            case "default_interface":
                interface = each.rest
            case _ if each.keyword not in _MAIL:
                words.tell(each, words.OF_GLOBALS, (*_READ, *_MAIL, *words.OF_GLOBALS), findings)
    return Globals(router_id, version, strict, plain, alert, _mail(statements, findings), interface)


_READ = ("router_id", "vrrp_version", "vrrp_strict", "v3_checksum_as_v2", "smtp_alert", "default_interface")
_MAIL = ("smtp_server", "notification_email_from", "notification_email")


def _mail(statements: Iterable[Statement], findings: Findings) -> MailRelay | None:
    found = {each.keyword: each for each in statements if each.keyword in _MAIL}
    server = found.get("smtp_server")
    if server is None or len(server.words) < 2:
        return None
    port = number(server, findings, 1, 65535, 2) if len(server.words) > 2 else None
    sender, recipients = found.get("notification_email_from"), found.get("notification_email")
    return MailRelay(
        server.words[1],
        port or 25,
        sender.rest if sender else "",
        tuple(word for line in (recipients.within if recipients else ()) for word in line.words),
        server.place,
    )


def _group(block: Statement, findings: Findings) -> Group:
    members, tracked, alert = list[str](), list[str](), False
    for each in block.within:
        match each.keyword:
            case "group":
                members += [word for line in each.within for word in line.words]
            case "track_interface":
                tracked += tracked_names(each, findings)
            case "smtp_alert":
                alert = flag(each, findings)
            case _ if each.keyword not in TRACKING:
                words.tell(each, words.OF_INSTANCES, (*TRACKING, *words.OF_INSTANCES), findings)
    tracking = read_tracking(block.within, findings)
    return Group(block.rest, block.place, tuple(members), tuple(tracked), tracking, alert)
