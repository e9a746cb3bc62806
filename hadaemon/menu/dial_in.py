"""A dial-in (PPPoE) at a port: the provider's user and password. Makes one of [[follow.pppoe]]."""

from collections.abc import Iterator, Mapping
from typing import Any

from hadaemon.menu.draft import Draft
from hadaemon.menu.steps import Ask, Flow, Translate

_LAST_TAG = 4094


def dial_in(_: Translate, draft: Draft, port: str) -> Flow[None]:
    """The active box alone dials."""
    place = ("cluster", "follow", "pppoe", len(dial_ins(draft.raw)))
    line: dict[str, Any] = {"name": name_of(port), "port": port, "user": "u", "password": "p"}

    def good(key: str, value: object) -> object:
        draft.checked({**line, key: value}, *place)
        return value

    title = _("Dial-in at {port}").format(port=port)
    line["user"] = yield Ask(
        f"pppoe-user-{port}",
        title,
        _("The user name that the provider has given you."),
        lambda text: good("user", text),
        _("as the provider says, e.g. 0815@provider.example"),
        _("The active box dials, and the other one when it takes over. Connections over the line end then."),
    )
    line["password"] = yield Ask(
        f"pppoe-password-{port}",
        title,
        _("The password that belongs to it; it is not shown while you type."),
        lambda text: good("password", text),
        _("1 to 128 ASCII characters"),
        _("It is kept in cluster.toml, which both boxes have, and nobody but root reads."),
        secret=True,
    )
    vlan = yield Ask(
        f"pppoe-vlan-{port}",
        title,
        _("The VLAN that the provider uses, if the modem does not see to it."),
        lambda text: vlan_tag(_, text) if text else None,
        _("a number, e.g. 7; Enter: none"),
        _("Many providers of DSL and fibre want one. The modem's or the provider's papers tell it."),
        optional=True,
    )
    if vlan is not None:
        line["vlan"] = vlan
    draft.put(line, *place)


def vlan_tag(_: Translate, text: str) -> int:
    """Raises ValueError: it is no number of a VLAN."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= _LAST_TAG:
        raise ValueError(_("a number from 1 to {last} is wanted").format(last=_LAST_TAG))
    return int(text)


def name_of(port: str) -> str:
    """Of the dial-in, and of its interface."""
    return f"{port}0"


def dial_ins(raw: Mapping[str, Any]) -> Mapping[str, str]:
    """The names of the dial-ins so far, by their ports."""
    found = raw.get("cluster", {}).get("follow", {}).get("pppoe", ())
    return {each["port"]: each["name"] for each in found}


def dial_in_lines(_: Translate, line: Mapping[str, Any]) -> Iterator[str]:
    """For the summary, without the password."""
    text = _("dial-in at {port}: {user}").format(port=line["port"], user=line["user"])
    yield text + (_(", VLAN {vlan}").format(vlan=line["vlan"]) if "vlan" in line else "")
