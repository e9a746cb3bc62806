"""[vrrp] of the pair: what every instance said for itself is said once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hadaemon.config.budget import MAX_RATE
from hadaemon.config.model import VrrpConfig
from hadaemon.config.secrets import passphrase, signing_key
from hadaemon.keepalived.interfaces import Draft
from hadaemon.keepalived.model import Globals, Instance
from hadaemon.keepalived.report import Findings
from hadaemon.vrrp.authentication import Password, SignatureMode, Signatures
from hadaemon.vrrp.model import OWNER, SECOND, Centiseconds, Checksum, Version


def vrrp_of(
    instances: Sequence[Instance], settings: Globals, drafts: Sequence[Draft], findings: Findings
) -> VrrpConfig:
    """As the instances have it; where they differ, as the pair needs it, which is told."""
    version = _version(instances, settings, drafts, findings)
    _tell_owner(instances, findings)
    return VrrpConfig(
        vrid_offset=0,
        advertisement_interval=_interval(instances, version, drafts, findings),
        preempt=_preempt(instances, findings),
        preempt_delay=_delay(instances, findings),
        checksum=_checksum(instances, settings, version, findings),
        version=version,
        accept_mode=_accept(instances, settings, findings),
        virtual_mac=_one(instances, "use_vmac", lambda each: each.virtual_mac, any, findings, _on_off),
        authentication=_authentication(instances, version, findings),
    )


def _one(
    instances: Iterable[Instance],
    keyword: str,
    value: Callable[[Instance], Any],
    choose: Callable[[list[Any]], Any],
    findings: Findings,
    shown: Callable[[Any], str] = str,
) -> Any:
    """One value for all of them; told if they differ."""
    each = list(instances)
    found = [value(instance) for instance in each]
    chosen = choose(found)
    for instance, own in zip(each, found, strict=True):
        if own == chosen and keyword in instance.given:
            findings.carried(instance.at(keyword), f"{keyword}: {shown(chosen)}, of the whole pair")
        elif own != chosen:
            findings.changed(
                instance.at(keyword), f"{keyword}: the instances differ, and a pair has one: {shown(chosen)}"
            )
    return chosen


def _on_off(value: bool) -> str:
    return "on" if value else "off"


def _in_seconds(value: int) -> str:
    return f"{value / SECOND:g} s"


def _version(
    instances: Sequence[Instance], settings: Globals, drafts: Sequence[Draft], findings: Findings
) -> Version:
    def own(instance: Instance) -> int:
        six = any(address.value.version == 6 for address in instance.addresses)
        return 3 if six else instance.version or settings.version

    six = any(address.version == 6 for draft in drafts for address in draft.addresses.values())
    found = _one(instances, "version", own, lambda all_: 3 if six else max(all_), findings)
    findings.carried(instances[0].at("version"), f"VRRP version {found}, as keepalived speaks it")
    return Version(found)


def _interval(
    instances: Sequence[Instance], version: Version, drafts: Sequence[Draft], findings: Findings
) -> Centiseconds:
    """The shortest; `settle_intervals` has those that are longer."""
    shortest = min(each.interval for each in instances)
    unit = version.interval_unit
    routers = sum(len({each.version for each in draft.addresses.values()}) for draft in drafts)
    least = max(unit, -(-routers * SECOND // MAX_RATE))
    found = min(max(-(-shortest // unit) * unit, least), version.max_interval)
    if found != shortest:
        findings.changed(
            instances[0].at("advert_int"),
            f"advert_int {shortest / SECOND:g}: {found / SECOND:g} s, because version {version} has steps of "
            f"{unit / SECOND:g} s up to {version.max_interval / SECOND:g} s, and a node sends {MAX_RATE} "
            "advertisements a second at most",
        )
    return Centiseconds(found)


def settle_intervals(drafts: Sequence[Draft], vrrp: VrrpConfig, findings: Findings) -> None:
    """An HA interface that advertised less often than the others goes on like that."""
    unit = vrrp.version.interval_unit
    for draft in drafts:
        shortest = min(each.first.interval for each in draft.instances)
        kept = min(max(-(-shortest // unit) * unit, vrrp.advertisement_interval), vrrp.version.max_interval)
        draft.own_interval = None if kept == vrrp.advertisement_interval else Centiseconds(kept)
        for instance in (each.first for each in draft.instances):
            place = instance.at("advert_int")
            if instance.interval != shortest:
                findings.changed(place, f"advert_int: {_in_seconds(kept)}, as another one has for that port")
            elif "advert_int" in instance.given and kept == shortest:
                findings.carried(place, f"advert_int: {_in_seconds(kept)}")


def _preempt(instances: Sequence[Instance], findings: Findings) -> bool:
    for each in instances:
        if not each.preempt and each.begins_as_master:
            _tell_ignored(each, "nopreempt", "vrrp.preempt = false", findings)
    return not bool(
        _one(
            instances,
            "nopreempt",
            lambda each: not (each.preempt or each.begins_as_master),
            any,
            findings,
            _on_off,
        )
    )


def _delay(instances: Sequence[Instance], findings: Findings) -> float:
    for each in instances:
        if each.preempt_delay and each.begins_as_master:
            _tell_ignored(each, "preempt_delay", f'vrrp.preempt_delay = "{each.preempt_delay:g}s"', findings)

    def own(instance: Instance) -> float:
        return 0.0 if instance.begins_as_master else instance.preempt_delay

    return float(_one(instances, "preempt_delay", own, max, findings, lambda value: f"{value:g} s"))


def _tell_ignored(each: Instance, keyword: str, key: str, findings: Findings) -> None:
    findings.changed(
        each.at(keyword),
        f"{keyword} beside state MASTER: keepalived ignores it, and so it is left out",
        f"write {key}, if it was meant",
    )


def _accept(instances: Sequence[Instance], settings: Globals, findings: Findings) -> bool:
    """In strict mode the virtual addresses answer for nothing but forwarding, unless it is said."""

    def own(instance: Instance) -> bool:
        if instance.accept is not None:
            return instance.accept
        strict = settings.strict if instance.strict is None else instance.strict
        return not strict or instance.priority == OWNER

    return bool(_one(instances, "accept", own, any, findings, _on_off))


def _checksum(
    instances: Sequence[Instance], settings: Globals, version: Version, findings: Findings
) -> Checksum:
    """keepalived has a pseudo-header in it, unless it is told otherwise."""
    if version is Version.V2:
        return Checksum.RFC9568
    plain = [
        settings.plain_checksum if each.plain_checksum is None else each.plain_checksum for each in instances
    ]
    if not all(plain):
        findings.carried(
            instances[0].at("v3_checksum_as_v2"),
            "the checksum with a pseudo-header, as keepalived sends it: checksum = rfc5798",
        )
    return Checksum.RFC9568 if all(plain) else Checksum.RFC5798


def _tell_owner(instances: Iterable[Instance], findings: Findings) -> None:
    for each in instances:
        if each.priority == OWNER:
            findings.changed(
                each.at("priority"),
                f"priority {OWNER}: no node of a pair is the address owner: virtual addresses are own "
                "addresses of neither",
                "give both boxes own addresses beside the virtual one",
            )


def _authentication(
    instances: Sequence[Instance], version: Version, findings: Findings
) -> Password | Signatures | None:
    signed = [each for each in instances if each.hmac is not None]
    if signed:
        return _signatures(signed, findings)
    with_password = [each for each in instances if each.password]
    if not with_password:
        return None
    if version is Version.V3:
        for each in with_password:
            findings.lost(
                each.at("authentication"),
                "auth_pass: version 3 has no passwords (RFC 9568 §9)",
                'sign advertisements: type = "hmac" (docs/configuration.md#who-may-take-part)',
            )
        return None
    first = with_password[0]
    for each in instances:
        if each.password != first.password:
            findings.changed(
                each.at("authentication"),
                f"auth_pass: the instances differ, and a pair has one password: that of {first.name}",
            )
    findings.carried(first.at("authentication"), "auth_pass: the password of version 2")
    return passphrase(first.password)


def _signatures(signed: Sequence[Instance], findings: Findings) -> Signatures:
    first = signed[0].hmac
    assert first is not None
    for each in signed[1:]:
        if each.hmac is not None and (each.hmac.keys, each.hmac.active) != (first.keys, first.active):
            findings.changed(
                each.hmac.place,
                f"auth_hmac: the instances differ, and a pair has one set of keys: {first.place}",
            )
    findings.carried(first.place, "auth_hmac: the same keys sign the same format")
    keys = {name: signing_key(text) for name, text in first.keys.items()}
    return Signatures(SignatureMode(first.mode), first.active, keys)
