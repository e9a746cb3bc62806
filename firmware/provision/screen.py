"""What a console shows, understood from outside: prompts, refusals, the table of cards, a code. Pure.

Nothing of the menu is imported: it is known by its prompts (`hostname [fw-1] > `), which are the same in
every language and version, and the pairing by its words in each language. What else comes over the line
(firmware, boot loader, kernel) is read over.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAC = re.compile(r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b")
_ASKING = r"(?P<key>[a-z][a-z0-9-]*)(?: \[(?P<default>[^\r\n]*?)\])? > "
_QUESTION = re.compile(rf"(?:^|[\r\n]){_ASKING}$")
_TABLE_ROW = re.compile(
    rf"^ *\d+ +(?P<interface>\S+) +(?P<mac>{MAC.pattern}) +(?P<driver>\S+) +(?P<link>\S+)", re.MULTILINE
)
_CODE = re.compile(r"(?:type|tippen)  (\d{3} \d{3})\b")
_CODE_ASKED = "(?:the code that the other node shows|der Code, den der andere Knoten zeigt):"
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?!]*[A-Za-z]|[()][A-Za-z0-9]|[A-Za-z0-9=>])")
_RULE = re.compile(r"^-- ", re.MULTILINE)
_ENOUGH = 24
"""Bytes: fewer say nothing about the speed of the line."""
_GARBLED = 0.3
"""Part of the bytes that no text has. At a wrong speed about half of them are not ASCII."""


class Kind(StrEnum):
    """What waits for an answer."""

    QUESTION = "question"
    MORE = "more"
    """A page is full."""
    CODE = "code"
    """The digits that the other node shows."""
    LOGIN = "login"
    PASSWORD = "password"  # noqa: S105 (the name of a prompt)
    """Of a login."""
    SHELL = "shell"
    GRUB = "grub"
    """The boot menu. It waits for ever once a key was pressed."""


_OTHERS = {
    Kind.MORE: re.compile(r"(?:^|[\r\n])-- [^\r\n]+ -- $"),
    Kind.CODE: re.compile(_CODE_ASKED + " $"),
    Kind.LOGIN: re.compile(r"login: $"),
    Kind.PASSWORD: re.compile(r"(?:^|[\r\n])Password: $"),
    Kind.SHELL: re.compile(r"(?:^|[\r\n])[^\r\n]*@[^\r\n]*[$#] $"),
}

_TORN = r"(?: |$|\[ *\d+\.\d+\])"
"""A message that comes before a prompt's last character, a space, tears that off."""
_HIDDEN = {
    Kind.QUESTION: re.compile(_ASKING.rstrip() + _TORN),
    Kind.MORE: re.compile(r"-- [^\r\n]+ --" + _TORN),
    Kind.CODE: re.compile(_CODE_ASKED + _TORN),
    Kind.LOGIN: re.compile(r"\S+ login:" + _TORN),
}
"""At the beginning of a line, whatever came behind it: a kernel's message begins where the cursor stands."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something at the end of the screen that waits."""

    kind: Kind
    key: str = ""
    """Of a question."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A line of the table of network cards."""

    interface: str
    mac: str
    driver: str
    link: str


def prompt_at_end(screen: str) -> Prompt | None:
    """What waits at the end of the screen."""
    text = _ESCAPES.sub("", screen[-4000:])
    if found := _QUESTION.search(text):
        return Prompt(Kind.QUESTION, found["key"], found["default"] or "")
    for kind, pattern in _OTHERS.items():
        if pattern.search(text):
            return Prompt(kind)
    return None


def hidden_prompt(screen: str) -> Prompt | None:
    """The last prompt, whatever was written behind and below it since."""
    for line in reversed(re.split(r"[\r\n]", _ESCAPES.sub("", screen))):
        for kind, pattern in _HIDDEN.items():
            if found := pattern.match(line):
                parts = found.groupdict()
                return Prompt(kind, parts.get("key") or "", parts.get("default") or "")
    return None


def shows_boot_menu(screen: str) -> bool:
    """GRUB has drawn its menu, and nothing has booted since."""
    tail = screen[screen.rfind("GNU GRUB") :] if "GNU GRUB" in screen else ""
    return bool(tail) and not re.search(r"Booting|Loading|Linux version|systemd|login:", tail)


def typed_at(screen: str, prompt: Prompt) -> str | None:
    """What stands behind a question's prompt on the screen's last line; None: it is not the last line."""
    line = re.split(r"[\r\n]", screen)[-1]
    head = f"{prompt.key} [{prompt.default}] > " if prompt.default else f"{prompt.key} > "
    return line.removeprefix(head) if line.startswith(head) else None


def refusal(screen: str) -> str:
    """Why the last answer was refused, as the menu says it; empty: it was not."""
    lines = re.split(r"\r?\n", screen)
    reasons: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith("! "):
            reasons = [line.removeprefix("! ").strip()]
            for more in lines[number + 1 :]:
                if not more.startswith("  "):
                    break
                reasons.append(more.strip())
        elif line.startswith("expected: ") and not reasons:
            reasons = [line.strip()]
    return " ".join(reasons)


def card_table(screen: str) -> tuple[CardRow, ...]:
    """The table of network cards that was shown last."""
    block = last_block(screen.replace("\r", ""), 1)
    return tuple(CardRow(**found.groupdict()) for found in _TABLE_ROW.finditer(block))


def option_of(screen: str, mac: str) -> str:
    """The number of the choice that names a card; empty: there is none."""
    for line in last_block(screen.replace("\r", ""), 0).split("\n"):
        found = re.match(r" *(\d+)  ", line)
        if found and mac in line.lower():
            return found[1]
    return ""


def mac_in(screen: str) -> str:
    """The card that the last question is about; empty: none."""
    found = MAC.search(" ".join(last_block(screen, 0).lower().split()))
    return found[0] if found else ""


def last_block(screen: str, back: int) -> str:
    """What stands under the last heading; `back` headings before that."""
    starts = [found.start() for found in _RULE.finditer(screen)]
    if not starts:
        return screen
    return screen[starts[max(len(starts) - 1 - back, 0)] :]


def code_shown(screen: str) -> str:
    """The pairing code that was shown last; empty: none."""
    found = _CODE.findall(screen)
    return str(found[-1]) if found else ""


def is_garbled(data: bytes) -> bool:
    """Whether bytes look like another speed than the line's: half of them are no text."""
    strange = sum(byte > 0x7E or (byte < 0x20 and byte not in b"\a\b\t\n\r\f\v\x0e\x0f\x1b") for byte in data)
    return len(data) >= _ENOUGH and strange > len(data) * _GARBLED
