"""The kernel's encryption between two addresses: ESP in transport mode (RFC 4303), by `ip xfrm`.

Level-triggered: whatever of ours is there from before, from another daemon or between other addresses, is
compared with what should be. Ours is known by the priority of its policies and by the number of its
associations (reqid). Keys go to the program's standard input.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.hotwire.exclusive import SERVICES, Service
from hadaemon.hotwire.keying import Wanted
from hadaemon.io.programs.run import ProgramError, run_program

_REQID = 3780
_CLEAR, _ENCRYPTED = 3780, 3781
"""Priorities of our policies: the lesser one is asked first."""
_REPLAY_WINDOW = 256
"""Packets that may overtake each other."""
_CIPHER = "rfc4106(gcm(aes))"
_TAG_BITS = 128
_TIMEOUT = 60.0
"""Seconds."""
_ASSOCIATION = re.compile(
    rf"^src (\S+) dst (\S+)\n\s+proto esp spi (0x[0-9a-f]+)(?:\([0-9]+\))? reqid {_REQID}\b", re.MULTILINE
)
_POLICY = re.compile(r"^(src .*?)\s*\n\s+dir (\S+) priority (\d+)\b", re.MULTILINE)
_KEY = re.compile(r" aead .*")
_SECRET = re.compile(r"0x[0-9a-fA-F]{16,}")


@dataclass(frozen=True, slots=True)
class Between:
    """The two ends."""

    own: IPv4Address
    peer: IPv4Address


@dataclass(frozen=True, slots=True)
class Association:
    """One of ours that the kernel has."""

    source: str
    target: str
    spi: int


@dataclass(frozen=True, slots=True)
class Present:
    """All of ours that the kernel has."""

    associations: tuple[Association, ...] = ()
    policies: tuple[tuple[str, str], ...] = ()
    """Selector and direction of each."""


class Xfrm:
    """What the kernel has of ours. It is asked once, and again after a failure: a question is a program."""

    def __init__(self) -> None:
        self._listed: str | None = None
        self._done: list[str] = []
        """What it was told since."""

    def protect(self, between: Between | None, wanted: Wanted) -> None:
        """The kernel has what is wanted between these two, and nothing of ours beside it, but for what
        `wanted` leaves alone. `between` None: it has nothing of ours.

        Raises ProgramError; no text of it has a key. It may load kernel modules, which takes time.
        """
        if self._listed is None:
            self._listed, self._done = _ip("xfrm state list nokeys", "xfrm policy list"), []
        lines = commands(between, wanted, present(self._listed, self._done))
        if not lines:
            return
        try:
            _ip(*lines)
        except ProgramError:
            self._listed = None
            raise
        self._done += (_KEY.sub("", line) for line in lines)


def present(listed: str, done: Iterable[str] = ()) -> Present:
    """What the kernel has, by what it listed and what it was told since."""
    associations = {each.spi: each for each in _our_associations(listed)}
    policies = dict.fromkeys(_our_policies(listed))
    for line in done:
        verb = line.split()[1:3]
        if verb == ["state", "add"]:
            source, target, spi = _words(line, "src", "dst", "spi")
            associations[int(spi, 16)] = Association(source, target, int(spi, 16))
        elif verb == ["state", "delete"]:
            associations.pop(int(_words(line, "spi")[0], 16), None)
        else:
            selector, _, rest = line.split(maxsplit=3)[3].partition(" dir ")
            policy = selector, rest.split()[0]
            policies = (
                policies | {policy: None}
                if verb[1] == "update"
                else {each: None for each in policies if each != policy}
            )
    return Present(tuple(associations.values()), tuple(policies))


def _words(line: str, *names: str) -> list[str]:
    """What stands behind each of these words, the first time."""
    words = line.split()
    return [words[words.index(name) + 1] for name in names]


def commands(between: Between | None, wanted: Wanted, present: Present) -> list[str]:
    """What `ip` is told, in this order: a policy must find its association, and what is used goes last.
    Secret."""
    removed = [
        *_needless_policies(between, present.policies),
        *_needless_associations(between, wanted, present.associations),
    ]
    if between is None:
        return removed
    numbers = {each.spi for each in present.associations}
    return [*_additions(between, wanted, numbers), *_wanted_policies(between, wanted), *removed]


def _additions(between: Between, wanted: Wanted, present: Container[int]) -> Iterator[str]:
    own, peer = between.own, between.peer
    for source, target, way in ((peer, own, wanted.inbound), (own, peer, wanted.outbound)):
        if way is not None and way.spi not in present:
            yield (
                f"xfrm state add src {source} dst {target} proto esp spi {way.spi:#010x} reqid {_REQID} "
                f"mode transport replay-window {_REPLAY_WINDOW} flag esn "
                f"aead {_CIPHER} 0x{way.key.hex()} {_TAG_BITS}"
            )


def _wanted_policies(between: Between, wanted: Wanted) -> Iterator[str]:
    own, peer = between.own, between.peer
    for selector, direction in _clear(between):
        yield f"xfrm policy update {selector} dir {direction} priority {_CLEAR}"
    how = f"reqid {_REQID} mode transport"
    yield (
        f"xfrm policy update {_all(peer, own)} dir in priority {_ENCRYPTED} "
        f"tmpl src {peer} dst {own} proto esp {how}"
    )
    if wanted.outbound is not None:
        yield (
            f"xfrm policy update {_all(own, peer)} dir out priority {_ENCRYPTED} "
            f"tmpl src {own} dst {peer} proto esp spi {wanted.outbound.spi:#010x} {how}"
        )


def _all(source: IPv4Address, target: IPv4Address) -> str:
    return f"src {source}/32 dst {target}/32"


def _clear(between: Between) -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        if service.clear:
            yield from _clear_service(between, service)


def _clear_service(between: Between, service: Service) -> Iterator[tuple[str, str]]:
    """Both ends may be the one that listens."""
    for direction, source, target in (
        ("out", between.own, between.peer),
        ("in", between.peer, between.own),
    ):
        for side in ("sport", "dport"):
            yield f"{_all(source, target)} proto {service.protocol} {side} {service.port}", direction


def _needless_policies(between: Between | None, present: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Of the two for all, that of a former daemon stays until there are keys, between the same two."""
    keep: set[tuple[str, str]] = set()
    if between is not None:
        own, peer = between.own, between.peer
        keep = {*_clear(between), (_all(peer, own), "in"), (_all(own, peer), "out")}
    for selector, direction in present:
        if (selector, direction) not in keep:
            yield f"xfrm policy delete {selector} dir {direction}"


def _needless_associations(
    between: Between | None, wanted: Wanted, present: Iterable[Association]
) -> Iterator[str]:
    kept = {way.spi for way in (wanted.inbound, wanted.outbound) if way is not None}
    ends = {str(between.own), str(between.peer)} if between is not None else set()
    for each in present:
        if {each.source, each.target} != ends or (wanted.settled and each.spi not in kept):
            yield f"xfrm state delete src {each.source} dst {each.target} proto esp spi {each.spi:#010x}"


def _our_associations(listed: str) -> Iterator[Association]:
    for match in _ASSOCIATION.finditer(listed):
        yield Association(match[1], match[2], int(match[3], 16))


def _our_policies(listed: str) -> Iterator[tuple[str, str]]:
    """Selector and direction of each."""
    for match in _POLICY.finditer(listed):
        if int(match[3]) in (_CLEAR, _ENCRYPTED):
            yield " ".join(match[1].split()), match[2]


def _ip(*lines: str) -> str:
    try:
        data = "".join(f"{line}\n" for line in lines).encode()
        return run_program("ip", "-batch", "-", timeout=_TIMEOUT, data=data)
    except ProgramError as error:
        raise ProgramError(_SECRET.sub("(a key)", str(error))) from None
