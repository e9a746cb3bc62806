"""The answers file: which boxes there are, by their network cards, and what to answer on each. Pure.

The names of the answers are the names of the menu's questions. A card is named by its MAC address, never by a
number of a list, and the cards are what a box is known by: answers are only given to the box that has them.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firmware.errors import FirmwareError
from firmware.provision.screen import MAC, CardRow

HOTWIRE = "hotwire"
PURPOSES = ("alone", "create", "join")
_SECRETS = ("password", "key")
"""Answers that are never shown. `key` signs what the nodes of a pair say."""
SHORTEST_PASSWORD = 8
COMMANDS = ("?", "<", "!")
FASTEST = 4_000_000
"""Baud."""
_PART = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,63}}\Z){_PART}(\.{_PART})*")
_PORT = re.compile(r"[a-z][a-z0-9-]{0,14}")
_OF_A_BOX = ("port", "baud", "ports", "joins")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that is wrong."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class AnswersError(FirmwareError):
    """The file is wrong; every problem at once."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        shown = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the answers file is wrong\n{shown}", file, "mend the file; no port was opened")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Box:
    """One box, and what it is to become."""

    place: str
    """In the file."""
    answers: Mapping[str, str]
    """By the question's key."""
    ports: Mapping[str, str]
    """MAC address by the name of the port."""
    line: str = ""
    """The serial port at which it must be; empty: any, the box is known by its cards."""
    baud: int = 0
    """0: as the command line says."""
    joins: str = ""
    """The host name of the master that a spare joins."""

    @property
    def name(self) -> str:
        """Its host name."""
        return self.answers["hostname"]

    @property
    def purpose(self) -> str:
        """`alone`, `create` or `join`."""
        return self.answers["purpose"]

    def __repr__(self) -> str:
        """It has secrets."""
        return f"Box({self.name})"


@dataclass(frozen=True, slots=True)
class Site:
    """All boxes of the file."""

    file: str
    boxes: tuple[Box, ...]

    @property
    def secrets(self) -> frozenset[str]:
        """Every text that must never be shown."""
        return frozenset(text for box in self.boxes for key, text in box.answers.items() if is_secret(key))

    def spare_of(self, master: Box) -> Box | None:
        """The box that joins it."""
        return next((box for box in self.boxes if box.joins == master.name), None)

    def box_at(self, line: str, cards: Sequence[CardRow]) -> Box | str:
        """The box at a serial port, by the cards that it has; or what is wrong."""
        macs = {card.mac for card in cards}
        at_line = [box for box in self.boxes if box.line == line]
        for box in at_line or [box for box in self.boxes if not box.line]:
            if macs.issuperset(box.ports.values()):
                return box
        there = ", ".join(f"{card.interface} {card.mac} ({card.driver})" for card in cards) or "no card"
        if at_line:
            missing = sorted(set(at_line[0].ports.values()) - macs)
            return f"{at_line[0].name} has {', '.join(missing)}, and the box at this port has {there}"
        return f"no box of the file has the cards of the box at this port: {there}"


def is_secret(key: str) -> bool:
    """The answer to this question is never shown."""
    return key in _SECRETS or key.startswith("pppoe-password-")


def read_site(text: str, file: str) -> Site:
    """Raises AnswersError with everything that is wrong."""
    try:
        raw = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise AnswersError(file, [Problem("the file", f"it is not TOML: {error}")]) from None
    reader = _Reader()
    site = Site(file, tuple(reader.site(raw)))
    if not reader.problems:
        reader.fit(site)
    if reader.problems:
        raise AnswersError(file, reader.problems)
    return site


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def site(self, raw: Mapping[str, Any]) -> Iterator[Box]:
        if raw.get("schema") != 1:
            self._wrong("schema", "it must be 1")
        for name in raw.keys() - {"schema", "common", "box"}:
            self._wrong(name, "there is no such table: there are common and [[box]]")
        common, boxes = raw.get("common", {}), raw.get("box", [])
        if not isinstance(common, dict) or not isinstance(boxes, list) or not boxes:
            self._wrong("box", "write a table [[box]] for each box, and [common] for what all have")
            return
        for name in common.keys() & {"hostname", *_OF_A_BOX}:
            self._wrong(f"common.{name}", "this is each box's own: write it in its [[box]]")
        masters = [b.get("hostname") for b in boxes if isinstance(b, dict) and b.get("purpose") == "create"]
        for number, one in enumerate(boxes, 1):
            place = f"box {number}"
            if not isinstance(one, dict):
                self._wrong(place, "it is no table")
                continue
            yield self._box(place, {**common, **one}, [str(name) for name in masters])

    def _box(self, place: str, raw: dict[str, Any], masters: Sequence[str]) -> Box:
        """Wrong or not, so that everything that is wrong comes out at once."""
        ports = self._ports(f"{place}: ports", raw.get("ports"))
        line, baud, joins = raw.get("port", ""), raw.get("baud", 0), raw.get("joins", "")
        if not isinstance(line, str):
            self._wrong(f"{place}: port", 'it is a text such as "/dev/ttyUSB0"')
        if not isinstance(baud, int) or isinstance(baud, bool) or not 0 <= baud <= FASTEST:
            self._wrong(f"{place}: baud", "it is a number such as 115200")
        if raw.get("purpose") == "join" and not joins and len(masters) == 1:
            joins = masters[0]
        answers = self._answers(place, raw)
        self._check_pair(place, answers["purpose"], str(joins), masters, ports)
        self._check_answers(place, answers, ports)
        return Box(place, answers, ports, str(line), baud if isinstance(baud, int) else 0, str(joins))

    def _answers(self, place: str, raw: dict[str, Any]) -> dict[str, str]:
        answers = {
            key: self._text(f"{place}: {key}", key, value)
            for key, value in raw.items()
            if key not in _OF_A_BOX
        }
        answers.setdefault("language", "en")
        for key in ("hostname", "purpose"):
            if key not in answers:
                self._wrong(f"{place}: {key}", "it is missing")
                answers[key] = ""
        if not {"password", "ssh-key"} & answers.keys():
            self._wrong(f"{place}: password", "the administrator needs a password, an ssh-key, or both")
        answers.setdefault("admin", _way_in(answers))
        return answers

    def _check_pair(
        self, place: str, purpose: str, joins: str, masters: Sequence[str], ports: Mapping[str, str]
    ) -> None:
        if purpose == "join" and joins not in masters:
            self._wrong(f"{place}: joins", f"name the master, one of: {', '.join(masters) or 'none is here'}")
        if purpose != "join" and joins:
            self._wrong(f"{place}: joins", 'only a box with purpose = "join" joins one')
        if purpose in ("create", "join") and HOTWIRE not in ports:
            self._wrong(f"{place}: ports.{HOTWIRE}", "a box of a pair has a card for the hotwire: its MAC")

    def _check_answers(self, place: str, answers: Mapping[str, str], ports: Mapping[str, str]) -> None:
        known = _keys(ports)
        for key in answers.keys() - known:
            near = "of a port that ports does not name" if _of_a_port(key) else "no question of the menu"
            self._wrong(f"{place}: {key}", f"it is {near}")
        for key, text in answers.items():
            if reason := _refused(key, text):
                self._wrong(f"{place}: {key}", reason)

    def _ports(self, place: str, raw: object) -> dict[str, str]:
        if not isinstance(raw, dict) or not raw:
            self._wrong(place, 'name the cards of the box, as in ports.lan = "00:0d:b9:00:00:01"')
            return {}
        ports: dict[str, str] = {}
        for name, mac in raw.items():
            low = str(mac).lower()
            if not _PORT.fullmatch(name):
                self._wrong(f"{place}.{name}", "a port has a name such as lan or wan")
            elif not MAC.fullmatch(low):
                self._wrong(f"{place}.{name}", "a MAC address is wanted, e.g. 00:0d:b9:00:00:01")
            elif low in ports.values():
                self._wrong(f"{place}.{name}", f"{low} is another port already")
            else:
                ports[name] = low
        return ports

    def _text(self, place: str, key: str, value: object) -> str:
        """As it is typed."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return " ".join(value)
        if isinstance(value, str) and value.isascii() and value.isprintable():
            return value
        shown = "it" if is_secret(key) else repr(value)
        self._wrong(place, f"{shown} cannot be typed: a text of ASCII characters or a list of them is wanted")
        return ""

    def fit(self, site: Site) -> None:
        """The boxes to each other."""
        for what, of in (
            ("hostname", lambda box: [box.name]),
            ("port", lambda box: [box.line] if box.line else []),
            ("ports", lambda box: list(box.ports.values())),
            ("joins", lambda box: [box.joins] if box.joins else []),
        ):
            self._unique(site, what, of)

        later = {box.name for box in site.boxes if box.answers.get("pair") == "later"}
        for box in site.boxes:
            if box.joins in later:
                self._wrong(f"{box.place}: joins", f'{box.joins} has pair = "later": nobody shows a code')

    def _unique(self, site: Site, what: str, of: Callable[[Box], Sequence[str]]) -> None:
        seen: dict[str, Box] = {}
        for box in site.boxes:
            for value in of(box):
                if value in seen:
                    self._wrong(f"{box.place}: {what}", f"{value} is that of {seen[value].place} already")
                seen[value] = box

    def _wrong(self, place: str, what: str) -> None:
        self.problems.append(Problem(place, what))


def _way_in(answers: Mapping[str, str]) -> str:
    ways = [way for way in ("password", "ssh-key") if way in answers]
    return "both" if len(ways) == 2 else (ways or ["password"])[0]


_FIXED = frozenset(
    (
        *(
            "language",
            "admin",
            "password",
            "ssh-key",
            "hostname",
            "time-zone",
            "purpose",
            "gateway",
            "dns",
            "ntp",
        ),
        *("ssh", "cluster", "vrid-offset", "internet", "go-out", "source-nat"),
        *("priority", "follow-ports", "follow-services", "passphrase"),
        *("key", "pair", "check"),
    )
)
_DIAL_IN = ("pppoe-user-", "pppoe-password-", "pppoe-vlan-")
_PORTS_OWN = ("addresses-", "virtual-", "dhcp-server-", "dhcp-range-", "dhcp-lease-", "dhcp-dns-", *_DIAL_IN)


def _keys(ports: Mapping[str, str]) -> frozenset[str]:
    own = (f"{prefix}{port}" for prefix in _PORTS_OWN for port in ports if port != HOTWIRE)
    return _FIXED.union(own)


def _of_a_port(key: str) -> bool:
    return key.startswith(_PORTS_OWN)


def _refused(key: str, text: str) -> str:
    """What can be seen here already; the box itself checks everything once more. Empty: nothing."""
    words = {
        "purpose": PURPOSES,
        "language": ("en", "de"),
        "pair": ("now", "later"),
        "check": ("now", "later"),
        "priority": ("take-back", "stay"),
        "admin": ("password", "ssh-key", "both"),
        "passphrase": ("random", "own", "none"),
    }
    if key in words and text not in words[key]:
        return f"it is one of: {', '.join(words[key])}"
    if key == "hostname" and not _NAME.fullmatch(text):
        return "lower-case letters, digits and hyphens are wanted, e.g. fw-a or fw-a.example.com"
    if key == "password" and len(text) < SHORTEST_PASSWORD:
        return f"it has {len(text)} characters: at least {SHORTEST_PASSWORD} are wanted"
    if key.startswith(("addresses-", "virtual-")) and text not in ("dhcp", "pppoe"):
        return next((reason for one in text.split() if (reason := _no_interface(one))), "")
    if text in COMMANDS:
        return f"{text} alone is a command of the menu, and no answer"
    if key == "gateway":
        return next((f"{one} is no address" for one in text.split() if _no_address(one)), "")
    return ""


def _no_interface(text: str) -> str:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return f"{text} is no address with prefix length: write it as in 192.168.12.141/24"
    return "" if "/" in text else f"{text} has no prefix length: write it as in {text}/24"


def _no_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return True
    return False
