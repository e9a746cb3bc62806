"""A command of keepalived's as what it looks at, if it is one of those that everybody writes."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt
from ipaddress import ip_address

from hadaemon.config import check_words as read
from hadaemon.config import values
from hadaemon.config.check_model import Target
from hadaemon.vrrp.model import IPAddress

SHELLS = ("sh", "ash", "bash", "dash", "ksh", "zsh")
_QUIET = re.compile(r"\s*(&>|1?>|2>)\s*(/dev/null|&1)|\s*\|\|\s*(exit 1|(/bin/|/usr/bin/)?false)\s*\Z")
"""What makes a command say nothing, or fail when it fails."""
_SHELL = re.compile(r"[|&;<>()`\n]|\$[({A-Za-z?]")
"""Whoever writes these means a shell, unless they are in single quotation marks."""
_TCP = re.compile(r"(?:(?:echo|:)\s*)?[<>]\s*/dev/tcp/([^/\s]+)/([0-9]+)\Z")
_PLAIN = re.compile(r"\^?([A-Za-z0-9_-]+)\$?\Z")
_PING_VALUES = re.compile(r"-[a-zA-Z0-9]*[ciIWwstpQmMlSTF]\Z")
"""Options of ping whose value is the next word."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as keepalived would run it."""

    words: tuple[str, ...]
    line: str = ""
    """What a shell is to understand; empty: it is for none."""
    shell: str = "/bin/sh"

    @property
    def program(self) -> str:
        """The name of its file."""
        return self.words[0].rpartition("/")[2] if self.words else ""


def command_of(text: str) -> Command:
    """Without words, if it is none. Older versions gave it to a shell, and some still write for one."""
    words = _words(text)
    if len(words) == 3 and words[1] == "-c" and words[0].rpartition("/")[2] in SHELLS:
        shell = words[0] if words[0].startswith("/") else f"/bin/{words[0]}"
        return _of_shell(words[2], shell)
    return _of_shell(text, "/bin/sh") if _means_shell(text) else Command(words)


def _of_shell(line: str, shell: str) -> Command:
    bare = _QUIET.sub("", line).strip()
    if _means_shell(bare) or not _words(bare):
        return Command((), line, shell)
    return Command(_words(bare))


def _means_shell(text: str) -> bool:
    return bool(_SHELL.search(re.sub(r"'[^']*'", "", text)))


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


def pinged(command: Command) -> tuple[IPAddress, ...]:
    """The hosts of a ping by address; none: it is another program."""
    if command.program not in ("ping", "ping6", "fping", "fping6", "arping"):
        return ()
    found, skip = list[IPAddress](), False
    for word in command.words[1:]:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = bool(_PING_VALUES.match(word))
        else:
            try:
                ip_address(word)
                found.append(values.address(word))
            except ValueError:
                continue
    return tuple(dict.fromkeys(found))


def probe(command: Command) -> Target | None:
    """What a check of ours looks at in its place; None: only the program itself knows."""
    connects = _TCP.match(_QUIET.sub("", command.line).strip())
    reader = _READERS.get(command.program)
    try:
        if connects:
            return read.tcp(_socket(connects[1], connects[2]))
        return reader(command.words[1:]) if reader else None
    except (GetoptError, ValueError):
        return None


def _killall(words: Sequence[str]) -> Target | None:
    options, operands = gnu_getopt(words, "0es:q")
    asks = ("-0", "") in options or ("-s", "0") in options
    return _process(operands) if asks else None


def _pidof(words: Sequence[str]) -> Target | None:
    _, operands = gnu_getopt(words, "sxq")
    return _process(operands)


def _pgrep(words: Sequence[str]) -> Target | None:
    """What it takes for a pattern counts here as the whole name."""
    _, operands = gnu_getopt(words, "x", ["exact"])
    plain = [found[1] for each in operands if (found := _PLAIN.match(each))]
    return _process(plain) if len(plain) == len(operands) else None


def _process(operands: Sequence[str]) -> Target | None:
    return read.process(operands[0].rpartition("/")[2]) if len(operands) == 1 else None


def _netcat(words: Sequence[str]) -> Target | None:
    options, operands = gnu_getopt(words, "zvn46w:")
    if ("-z", "") not in options or len(operands) != 2:
        return None
    return read.tcp(_socket(operands[0], operands[1]))


def _socket(host: str, port: str) -> str:
    host = "127.0.0.1" if host == "localhost" else host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _curl(words: Sequence[str]) -> Target | None:
    long = ["silent", "show-error", "fail", "location", "head", "output=", "max-time=", "connect-timeout="]
    _, operands = gnu_getopt(words, "sSfLIo:m:", long)
    return _page(operands)


def _wget(words: Sequence[str]) -> Target | None:
    long = ["quiet", "spider", "output-document=", "timeout=", "tries="]
    _, operands = gnu_getopt(words, "qO:T:t:", long)
    return _page(operands)


def _page(operands: Sequence[str]) -> Target | None:
    if len(operands) != 1:
        return None
    url = operands[0] if "://" in operands[0] else f"http://{operands[0]}"
    return read.http(re.sub(r"\Ahttp://localhost(?=[:/]|\Z)", "http://127.0.0.1", url))


def _test(words: Sequence[str]) -> Target | None:
    bare = words[:-1] if words and words[-1] == "]" else words
    return read.present(bare[1]) if len(bare) == 2 and bare[0] in ("-e", "-f", "-d") else None


_READERS: Mapping[str, Callable[[Sequence[str]], Target | None]] = {
    "killall": _killall,
    "pidof": _pidof,
    "pgrep": _pgrep,
    "nc": _netcat,
    "ncat": _netcat,
    "netcat": _netcat,
    "curl": _curl,
    "wget": _wget,
    "test": _test,
    "[": _test,
}
"""By the name of the program. A word that it does not know leaves the command as it is."""
