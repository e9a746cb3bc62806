"""[vrrp] of cluster.toml: the protocol and who may speak it."""

from typing import TypeVar

from hadaemon.config import secrets, values
from hadaemon.config.model import VrrpConfig
from hadaemon.config.reader import Table
from hadaemon.vrrp.authentication import Password, SignatureMode, Signatures
from hadaemon.vrrp.model import OWNER, Centiseconds, Priority, Version

MAX_VRID = 255
DEFAULT = VrrpConfig()

T = TypeVar("T")


def read_vrrp(table: Table | None) -> VrrpConfig | None:
    """None when a mistake was noted."""
    if table is None:
        return DEFAULT
    before = len(table.mistakes.found)
    offset = table.number("vrid_offset", 0, MAX_VRID - 1, DEFAULT.vrid_offset)
    interval = table.optional_text("advertisement_interval", values.interval, DEFAULT.advertisement_interval)
    preempt = table.flag("preempt", DEFAULT.preempt)
    delay = table.optional_text("preempt_delay", values.delay, DEFAULT.preempt_delay)
    checksum = table.optional_text("checksum", values.checksum, DEFAULT.checksum)
    number = table.number("version", Version.V2, Version.V3, DEFAULT.version)
    accept_mode = table.flag("accept_mode", DEFAULT.accept_mode)
    virtual_mac = table.flag("virtual_mac", DEFAULT.virtual_mac)
    authentication_table = table.table("authentication")
    priorities = table.tagged("priorities", values.host_name, _read_priority)
    table.close()
    version = None if number is None else Version(number)
    authentication = (
        None if authentication_table is None else _read_authentication(authentication_table, version)
    )
    if version is not None and interval is not None:
        note_broken_seconds(table, interval, version)
    if priorities:
        _note_two_owners(table, priorities)
    if len(table.mistakes.found) > before:
        return None
    return VrrpConfig(
        vrid_offset=_there(offset),
        advertisement_interval=_there(interval),
        preempt=_there(preempt),
        checksum=_there(checksum),
        version=_there(version),
        preempt_delay=_there(delay),
        accept_mode=_there(accept_mode),
        virtual_mac=_there(virtual_mac),
        authentication=authentication,
        priorities=_there(priorities),
    )


def _there(value: T | None) -> T:
    """The value, which was read if no mistake was noted."""
    if value is None:
        raise AssertionError("a value is missing without a reason")
    return value


def _read_priority(table: Table, name: str) -> Priority | None:
    found = table.number(name, 1, OWNER, OWNER)
    return None if found is None else Priority(found)


def note_broken_seconds(table: Table, interval: Centiseconds, version: Version) -> None:
    """Checks the `advertisement_interval` of [vrrp] or of an HA interface."""
    if interval % version.interval_unit:
        table.note(
            "advertisement_interval",
            "version 2 has whole seconds only: write e.g. 1s, or take version 3",
        )


def _note_two_owners(table: Table, priorities: dict[str, Priority]) -> None:
    owners = [name for name, priority in priorities.items() if priority == OWNER]
    if len(owners) > 1:
        table.note(
            "priorities",
            f"{OWNER} is the address owner's, and there is one owner at most, not {', '.join(owners)}",
        )


def _read_authentication(table: Table, version: Version | None) -> Password | Signatures | None:
    """Either kind; None when a mistake was noted."""
    before = len(table.mistakes.found)
    kind = table.text("type", _kind, 'type = "hmac"')
    passphrase = table.optional_text("passphrase", secrets.passphrase, None)
    mode = table.optional_text("mode", _mode, SignatureMode.ENFORCE)
    key_id = table.number("key_id", 1, 255, 1)
    key = table.optional_text("key", secrets.signing_key, None)
    more = table.tagged("more_keys", _key_id, _read_key)
    table.close()
    if kind is not None:
        _note_misplaced(table, kind)
    if kind == "password" and version is Version.V3:
        table.note("type", "version 3 has no passwords (RFC 9568 §9): write hmac, or take version 2")
    if more and key_id is not None and str(key_id) in more:
        table.note("more_keys", f"{key_id} is the key_id that signs already: give the other key another id")
    if len(table.mistakes.found) > before:
        return None
    if passphrase is not None:
        return passphrase
    others = {int(name): other for name, other in _there(more).items()}
    return Signatures(_there(mode), _there(key_id), {_there(key_id): _there(key)} | others)


_KEYS = {"password": ("passphrase",), "hmac": ("key", "key_id", "mode", "more_keys")}
"""Keys of each type, the one that must be there first."""


def _note_misplaced(table: Table, kind: str) -> None:
    needed = _KEYS[kind][0]
    if not table.has(needed):
        table.note(needed, f"is missing: type {kind} needs it")
    for other, keys in _KEYS.items():
        for key in keys:
            if other != kind and table.has(key):
                table.note(key, f"belongs to type {other}, not to {kind}: remove one of the two")


def _kind(text: str) -> str:
    if text not in _KEYS:
        raise values.not_known(text, _KEYS)
    return text


def _mode(text: str) -> SignatureMode:
    try:
        return SignatureMode(text)
    except ValueError:
        raise values.not_known(text, SignatureMode) from None


def _key_id(text: str) -> str:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 255 or text != str(int(text)):
        raise ValueError(f"{values.shown(text)} is not the id of a key: write a number from 1 to 255")
    return text


def _read_key(table: Table, name: str) -> bytes | None:
    return table.text(name, secrets.signing_key, 'key = "hex:…" with 64 hex digits')
