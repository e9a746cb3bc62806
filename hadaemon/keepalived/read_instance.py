"""A vrrp_instance."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hadaemon.config import secrets
from hadaemon.keepalived import words
from hadaemon.keepalived.model import Hmac, Instance
from hadaemon.keepalived.read_addresses import read_addresses, read_routes
from hadaemon.keepalived.read_tracked import TRACKING, read_tracking
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.tree import Statement
from hadaemon.keepalived.values import address, flag, number, seconds

Fields: TypeAlias = dict[str, Any]
"""Of the instance, as far as they were read."""

_NO_WEIGHT = "track_interface: there are no weights: a lost link of an HA interface costs 8"
PASSWORD_SIZE = 8
"""keepalived sends so many characters, and no more."""


def read_instance(block: Statement, findings: Findings) -> Instance | None:
    """None: it lacks what no instance can be without, which was told."""
    fields: Fields = {"given": {}}
    for each in block.within:
        fields["given"].setdefault(each.keyword, each.place)
        reader = READERS.get(each.keyword)
        if reader is not None:
            reader(each, fields, findings)
        elif each.keyword not in TRACKING:
            words.tell(each, words.OF_INSTANCES, (*READERS, *TRACKING, *words.OF_INSTANCES), findings)
    fields["tracking"] = read_tracking(block.within, findings)
    if "vrid" not in fields:
        findings.refuse(block.place, f"vrrp_instance {block.rest} has no VRID: add virtual_router_id 51")
        return None
    fields.setdefault("interface", "")
    return Instance(block.rest, block.place, **fields)


def tracked_names(block: Statement, findings: Findings) -> tuple[str, ...]:
    """Of track_interface: the names, weights told."""
    for each in block.within:
        if "weight" in each.words:
            findings.changed(each.place, _NO_WEIGHT, "read docs/election.md#the-score")
    return tuple(each.keyword for each in block.within)


def _interface(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["interface"] = each.rest


def _state(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["begins_as_master"] = each.rest == "MASTER"


def _vrid(each: Statement, fields: Fields, findings: Findings) -> None:
    _set(fields, "vrid", number(each, findings, 1, 255) or (1 if "vrid" not in fields else None))


def _priority(each: Statement, fields: Fields, findings: Findings) -> None:
    _set(fields, "priority", number(each, findings, 1, 255))


def _version(each: Statement, fields: Fields, findings: Findings) -> None:
    _set(fields, "version", number(each, findings, 2, 3))


def _interval(each: Statement, fields: Fields, findings: Findings) -> None:
    """keepalived takes 10 ms to 255 s."""
    found = seconds(each, findings)
    if found is not None and not 1 <= found * 100 <= 25500:
        findings.refuse(each.place, f"advert_int {found}: write 0.01 to 255 seconds")
    elif found is not None:
        fields["interval"] = int(found * 100)


def _nopreempt(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["preempt"] = each.keyword == "preempt"


def _preempt_delay(each: Statement, fields: Fields, findings: Findings) -> None:
    found = seconds(each, findings)
    if found is not None:
        fields["preempt_delay"] = min(float(found), 3600.0)


def _accept(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["accept"] = each.keyword == "accept"


def _strict(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["strict"] = flag(each, findings)


def _checksum(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["plain_checksum"] = flag(each, findings)


def _virtual_mac(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["virtual_mac"] = True
    if any(word.count(":") in (4, 5) for word in each.words):
        findings.lost(
            each.place, "a virtual MAC address of one's own: it is 00:00:5e:00:01:VRID (RFC 9568 §7.3)"
        )


def _authentication(block: Statement, fields: Fields, findings: Findings) -> None:
    found = {each.keyword: each for each in block.within}
    password, kind = found.get("auth_pass"), found.get("auth_type")
    if kind is not None and kind.rest not in ("PASS", "1"):
        findings.lost(
            kind.place,
            f"auth_type {kind.rest}: there are passwords (version 2) and signatures",
            'take type = "hmac" in [vrrp.authentication]: docs/configuration.md#who-may-take-part',
        )
    elif password is not None:
        _password(password, fields, findings)


def _password(each: Statement, fields: Fields, findings: Findings) -> None:
    text = each.rest[:PASSWORD_SIZE]
    try:
        secrets.passphrase(text)
    except ValueError as error:
        findings.lost(each.place, f"auth_pass: {error}", "write another one into [vrrp.authentication]")
        return
    fields["password"] = text
    if len(each.rest) > PASSWORD_SIZE:
        findings.changed(
            each.place,
            f"auth_pass: keepalived sends the first {PASSWORD_SIZE} characters only, and these are written",
        )


def _hmac(block: Statement, fields: Fields, findings: Findings) -> None:
    keys: dict[int, str] = {}
    active, mode = 0, "enforce"
    for each in block.within:
        match each.keyword:
            case "key":
                _key(each, keys, findings)
            case "active_key":
                active = number(each, findings, 1, 255) or active
            case "mode" if each.rest in ("enforce", "permissive", "receive-only"):
                mode = each.rest
            case "anti_replay" | "time_window":
                findings.changed(
                    each.place,
                    f"{each.keyword}: sequences only have to grow, and no clock is compared",
                    "set `anti_replay monotonic` on a node that still runs keepalived",
                )
            case _:
                words.tell(each, {}, ("key", "active_key", "mode", "anti_replay", "time_window"), findings)
    active = active or min(keys, default=0)
    if active in keys:
        fields["hmac"] = Hmac(keys, active, mode, block.place)
    else:
        findings.lost(
            block.place,
            "auth_hmac: the key that signs is not in this file, so nothing is signed",
            "write the key into [vrrp.authentication]: docs/configuration.md#who-may-take-part",
        )


def _key(each: Statement, keys: dict[int, str], findings: Findings) -> None:
    """No message repeats a key."""
    name = number(each, findings, 1, 255)
    text = each.words[2] if len(each.words) > 2 else ""
    try:
        if name is not None and not text.startswith("file:"):
            secrets.signing_key(text)
            keys[name] = text
    except ValueError as error:
        findings.refuse(each.place, f"key {name}: {error}")


def _source(each: Statement, fields: Fields, findings: Findings) -> None:
    _set(fields, "source", address(each.rest, each, findings))


def _peers(block: Statement, fields: Fields, findings: Findings) -> None:
    found = [address(each.keyword, each, findings) for each in block.within]
    fields["peers"] = tuple(each for each in found if each is not None)


def _addresses(block: Statement, fields: Fields, findings: Findings) -> None:
    fields["addresses"] = (*fields.get("addresses", ()), *read_addresses(block, findings))
    if block.keyword.endswith("excluded") and block.within:
        findings.changed(block.place, "virtual_ipaddress_excluded: these addresses are advertised, too")


def _routes(block: Statement, fields: Fields, findings: Findings) -> None:
    fields["routes"] = (*fields.get("routes", ()), *read_routes(block, findings))


def _tracked(block: Statement, fields: Fields, findings: Findings) -> None:
    fields["tracked"] = (*fields.get("tracked", ()), *tracked_names(block, findings))


def _smtp_alert(each: Statement, fields: Fields, findings: Findings) -> None:
    fields["smtp_alert"] = flag(each, findings)


def _set(fields: Fields, key: str, value: object) -> None:
    if value is not None:
        fields[key] = value


READERS: Mapping[str, Callable[[Statement, Fields, Findings], None]] = {
    "interface": _interface,
    "state": _state,
    "virtual_router_id": _vrid,
    "priority": _priority,
    "version": _version,
    "advert_int": _interval,
    "preempt": _nopreempt,
    "nopreempt": _nopreempt,
    "preempt_delay": _preempt_delay,
    "accept": _accept,
    "no_accept": _accept,
    "strict_mode": _strict,
    "v3_checksum_as_v2": _checksum,
    "use_vmac": _virtual_mac,
    "authentication": _authentication,
    "auth_hmac": _hmac,
    "mcast_src_ip": _source,
    "unicast_src_ip": _source,
    "unicast_peer": _peers,
    "virtual_ipaddress": _addresses,
    "virtual_ipaddress_excluded": _addresses,
    "virtual_routes": _routes,
    "track_interface": _tracked,
    "smtp_alert": _smtp_alert,
}
"""What has a meaning of its own, by its keyword."""
