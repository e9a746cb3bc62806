"""Whatever comes in from the wire: an advertisement or Discard, never anything else; no memory that grows.

Two ways: hypothesis makes packets by their grammar and finds small examples, and a mutator that keeps what
shows something new (another set of outcomes) runs in bulk: some thousand packets in every run, a million at
night. What has once been worth to keep is in `corpus/`, one file a packet.
"""

import contextlib
import os
import random
import tracemalloc
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.io.packets.vrrp_socket import split_ipv4
from hadaemon.vrrp import (
    IPV4_GROUP,
    IPV6_GROUP,
    TTL,
    Advertisement,
    Centiseconds,
    Checking,
    Discard,
    Password,
    Priority,
    Sealing,
    SignatureMode,
    Signatures,
    Signer,
    Verifier,
    Version,
    Vrid,
    decode,
    encode,
)
from hadaemon.vrrp.checksum import internet_checksum, pseudo_header

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
SOURCES = {4: IPv4Address("192.0.2.1"), 6: IPv6Address("fe80::1")}
GROUPS = {4: IPV4_GROUP, 6: IPV6_GROUP}
VRIDS = [Vrid(number) for number in range(1, 256)]
SIGNATURES = Signatures(SignatureMode.ENFORCE, 1, {1: bytes(range(32)), 9: bytes(32)})
PASSWORD = Password(b"secret\0\0")


def receivers() -> list[tuple[int, Version, Checking]]:
    """Every way in which a node may be configured to receive."""
    checks: list[Checking] = [None, Verifier(SIGNATURES, VRIDS)]
    checks.append(Verifier(Signatures(SignatureMode.PERMISSIVE, 1, SIGNATURES.keys), VRIDS))
    plain = [(family, Version.V3, check) for family in (4, 6) for check in checks]
    return [*plain, *((4, Version.V2, check) for check in (*checks, PASSWORD))]


def outcome(payload: bytes, family: int, version: Version, checking: Checking, ttl: int = TTL) -> str:
    """What became of a packet. Any exception but Discard is the defect that is looked for."""
    try:
        received = decode(payload, SOURCES[family], GROUPS[family], ttl, version, checking)
    except Discard as discard:
        return discard.reason
    assert received.version is version
    assert received.family == family
    assert 1 <= len(received.addresses) <= 255
    assert len(payload) >= 8 + len(received.addresses) * (4 if family == 4 else 16)
    return "accepted"


def repaired(payload: bytes, family: int, version: Version) -> bytes:
    """With a checksum that is right if the count is: past the checksum the fields themselves are at stake."""
    if len(payload) < 8:
        return payload
    end = 8 + payload[3] * 4 + (8 if version is Version.V2 else 0) if family == 4 else len(payload)
    blank = payload[:6] + b"\0\0" + payload[8:end]
    covered = blank if family == 4 else pseudo_header(SOURCES[6], GROUPS[6], len(blank)) + blank
    return payload[:6] + internet_checksum(covered).to_bytes(2, "big") + payload[8:]


@pytest.mark.parametrize("file", CORPUS, ids=[file.name for file in CORPUS])
def test_the_corpus(file: Path) -> None:
    """The name begins with what must become of the packet; one of the ways to receive must say so."""
    payload, expected = bytes.fromhex(file.read_text()), file.name.partition("_")[0]
    outcomes = {outcome(payload, *receiver) for receiver in receivers()}
    assert expected in outcomes


def test_the_corpus_has_every_outcome() -> None:
    expected = {file.name.partition("_")[0] for file in CORPUS}
    assert expected >= {"accepted", "version", "type", "length", "count", "checksum", "interval", "vrid"}
    assert expected >= {"auth-type", "auth-missing", "auth-key", "auth-failed"}


HEADERS = st.builds(
    bytes,
    st.tuples(st.sampled_from((0x21, 0x31, 0x22, 0x32, 0x41)), *[st.integers(0, 255)] * 2, st.integers(0, 4)),
)


@given(
    HEADERS | st.binary(max_size=8),
    st.binary(max_size=120),
    st.booleans(),
    st.sampled_from((TTL, TTL, 0, 64)),
)
def test_packets_by_their_grammar(head: bytes, rest: bytes, repair: bool, ttl: int) -> None:
    for family, version, checking in receivers():
        payload = repaired(head + rest, family, version) if repair else head + rest
        outcome(payload, family, version, checking, ttl)


@given(st.binary(max_size=80))
def test_whatever_a_raw_socket_delivers_is_a_packet_or_nothing(data: bytes) -> None:
    packet = split_ipv4(data)
    if packet is not None:
        with contextlib.suppress(Discard):
            decode(packet.payload, packet.source, packet.destination, packet.ttl)


class Mutator:
    """Keeps what led to a new outcome of all receivers together, and goes on from there."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._pool = [bytes.fromhex(file.read_text()) for file in CORPUS] + list(samples())
        self.seen: set[tuple[str, ...]] = set()
        self.learns = True

    def run(self, count: int) -> None:
        ways = receivers()
        for _ in range(count):
            payload = self._mutated(self._random.choice(self._pool))
            family, version, _ = self._random.choice(ways)
            if self._random.random() < 0.7:
                payload = repaired(payload, family, version)
            shown = tuple(outcome(payload, *way) for way in ways)
            if self.learns and shown not in self.seen:
                self.seen.add(shown)
                if len(self._pool) < 500:
                    self._pool.append(payload)

    def _mutated(self, payload: bytes) -> bytes:
        data = bytearray(payload)
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(data) + 1)
            match self._random.randrange(6):
                case 0 if at < len(data):
                    data[at] ^= 1 << self._random.randrange(8)
                case 1 if at < len(data):
                    data[at] = self._random.choice((0, 1, 2, 255, 0x21, 0x31))
                case 2:
                    del data[at:]
                case 3:
                    data[at:at] = self._random.randbytes(self._random.choice((1, 4, 8, 16, 28)))
                case 4:
                    del data[at : at + self._random.choice((1, 4, 16))]
                case _:
                    other = self._random.choice(self._pool)
                    data[at:] = other[at:]
        return bytes(data[:1500])


def samples() -> Iterator[bytes]:
    """Good packets of every kind."""
    sealings: tuple[Sealing, ...] = (None, PASSWORD, Signer(SIGNATURES, 1))
    for version, family in ((Version.V2, 4), (Version.V3, 4), (Version.V3, 6)):
        for sealing in sealings:
            advertisement = Advertisement(
                Vrid(51), Priority(200), Centiseconds(100), (SOURCES[family],) * 3, version
            )
            yield encode(advertisement, SOURCES[family], GROUPS[family], authentication=sealing)


def seed() -> int:
    return int(os.environ.get("HOTSPARE_SEED", "1"))


def test_mutants() -> None:
    mutator = Mutator(seed())
    mutator.run(5_000)
    assert len(mutator.seen) > 30, "the mutator goes past the first checks"


@pytest.mark.nightly
def test_a_million_mutants_and_no_memory() -> None:
    """The mutator learns first, and stands still while memory is counted: what grows then is ours."""
    mutator = Mutator(seed())
    mutator.run(900_000)
    mutator.learns = False
    tracemalloc.start()
    try:
        mutator.run(50_000)
        before, _ = tracemalloc.get_traced_memory()
        mutator.run(50_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 64 * 1024


def test_receivers_remember_no_more_for_more_packets() -> None:
    """What a stranger sends leaves nothing behind; what the key's owners send leaves a bounded table."""
    verifier = Verifier(SIGNATURES, VRIDS)
    signer = Signer(SIGNATURES, 1)
    advertisement = Advertisement(Vrid(51), Priority(200), Centiseconds(100), (SOURCES[4],))
    payload = encode(advertisement, SOURCES[4], IPV4_GROUP, authentication=signer)
    tracemalloc.start()
    try:
        for _ in range(2):
            before, _ = tracemalloc.get_traced_memory()
            for at in range(2_000):
                broken = bytearray(payload)
                broken[8 + at % (len(payload) - 8)] ^= 1 + at % 255
                outcome(repaired(bytes(broken), 4, Version.V3), 4, Version.V3, verifier)
            after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096
    assert len(verifier.marks) <= 1
