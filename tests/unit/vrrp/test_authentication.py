"""Passwords of version 2, and signed advertisements in keepalived's layout."""

import hashlib
import hmac
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from scapy.utils import checksum

from hadaemon.vrrp import (
    IPV4_GROUP,
    IPV6_GROUP,
    MAX_EPOCH,
    MAX_SOURCES,
    NO_MARKS,
    TTL,
    Advertisement,
    Centiseconds,
    Checksum,
    Discard,
    Password,
    Priority,
    SignatureMode,
    Signatures,
    Signer,
    Version,
    Vrid,
    decode,
    encode,
)
from hadaemon.vrrp import Verifier as VerifierOfVrids
from hadaemon.vrrp.authentication import distance, is_newer

SOURCE, OTHER = IPv4Address("198.51.100.10"), IPv4Address("198.51.100.11")
KEY, SECOND_KEY = bytes(range(32)), bytes(range(32, 64))
SIGNATURES = Signatures(SignatureMode.ENFORCE, 1, {1: KEY})

# The two examples of the draft that keepalived implements: key 00..1f with id 1, sequence 0x6800000080000000.
EXAMPLES = {
    "IPv4": (
        "3133c80100644402c00002640101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265",
        SOURCE,
        IPV4_GROUP,
        IPv4Address("192.0.2.100"),
    ),
    "IPv6": (
        "3133c8010064a2e9fe800000000000000000000000000100010100006800000080000000"
        "c8c56146ebfd66ee10ec4d8186461b78",
        IPv6Address("fe80::10"),
        IPv6Address("fe80::20"),
        IPv6Address("fe80::100"),
    ),
}


def Verifier(signatures, marks=NO_MARKS):
    """The real one, for the VRIDs of these tests."""
    return VerifierOfVrids(signatures, {Vrid(51), Vrid(52)}, marks)


def signatures(mode="enforce", key_id=1, keys=None):
    return Signatures(SignatureMode(mode), key_id, keys or {1: KEY})


def advertisement(address="192.0.2.100", vrid=51, priority=200, version=Version.V3):
    return Advertisement(Vrid(vrid), Priority(priority), Centiseconds(100), (ip_address(address),), version)


def signed(signer, source=SOURCE, destination=IPV4_GROUP, **fields):
    return encode(advertisement(**fields), source, destination, authentication=signer)


def reason(packet, verifier, source=SOURCE, destination=IPV4_GROUP, version=Version.V3):
    """Why it is dropped; None: it is accepted."""
    try:
        decode(packet, source, destination, TTL, version, verifier)
    except Discard as discard:
        return discard.reason.value
    return None


@pytest.mark.parametrize("packet, source, destination, address", EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_the_draft_are_accepted_and_made(packet, source, destination, address):
    packet = bytes.fromhex(packet)
    received = decode(packet, source, destination, TTL, authentication=Verifier(SIGNATURES))
    assert received == advertisement(str(address))
    signer = Signer(SIGNATURES, 0x68000000)
    signer._sequence = 0x6800000080000000 - 1
    assert encode(received, source, destination, authentication=signer) == packet


@pytest.mark.parametrize("version, vrid", [(3, 51), (3, 1), (3, 255), (2, 51)])
def test_the_trailer_field_by_field(version, vrid):
    packet = signed(Signer(signatures(), 7), vrid=vrid, version=Version(version))
    kind, key_id, reserved, seconds, fraction, count = struct.unpack("!BBHIHH", packet[-28:-16])
    assert (kind, key_id, reserved, seconds, fraction, count) == (1, 1, 0, 7, 0, 1)
    covered = bytes([4, version, vrid, 0]) + SOURCE.packed + bytes(12)
    covered += packet[:6] + bytes(2) + packet[8:-16] + bytes(16)
    assert packet[-16:] == hmac.new(KEY, covered, hashlib.sha256).digest()[:16]


@pytest.mark.parametrize("variant", Checksum)
def test_over_ipv4_the_checksum_does_not_cover_the_trailer(variant):
    with_trailer = encode(advertisement(), SOURCE, IPV4_GROUP, variant, Signer(SIGNATURES, 1))
    assert with_trailer[:-28] == encode(advertisement(), SOURCE, IPV4_GROUP, variant)


@pytest.mark.parametrize("version, address", [(2, "192.0.2.1"), (3, "192.0.2.1"), (3, "fe80::1")])
def test_signatures_work_in_every_version_and_family(version, address):
    source = SOURCE if version == 2 or "." in address else IPv6Address("fe80::10")
    destination = IPV4_GROUP if source.version == 4 else IPV6_GROUP
    signer, verifier = Signer(SIGNATURES, 1), Verifier(SIGNATURES)
    packet = signed(signer, source, destination, address=address, version=Version(version))
    assert reason(packet, verifier, source, destination, Version(version)) is None
    assert reason(packet, verifier, source, destination, Version(version)) == "replay"


# mode of the receiver: what it says to a signed, an unsigned and a wrongly signed advertisement
ROLL_OUT = {
    "receive-only": (None, None, "auth-failed"),
    "permissive": (None, None, "auth-failed"),
    "enforce": (None, "auth-missing", "auth-failed"),
}


@pytest.mark.parametrize("mode, answers", ROLL_OUT.items(), ids=ROLL_OUT)
def test_the_roll_out(mode, answers):
    verifier = Verifier(signatures(mode))
    packets = [
        signed(Signer(signatures(), 1)),
        signed(None),
        signed(Signer(signatures(keys={1: SECOND_KEY}), 1)),
    ]
    assert tuple(reason(packet, verifier) for packet in packets) == answers
    assert SignatureMode(mode).signs is (mode != "receive-only")


def test_who_has_no_keys_takes_the_trailer_for_padding():
    assert reason(signed(Signer(SIGNATURES, 1)), None) is None
    source = IPv6Address("fe80::10")
    packet = signed(Signer(SIGNATURES, 1), source, IPV6_GROUP, address="fe80::1")
    assert reason(packet, None, source, IPV6_GROUP) is None


def damaged(at, new=None):
    packet = bytearray(signed(Signer(SIGNATURES, 1)))
    packet[at] = packet[at] ^ 1 if new is None else new
    packet[6:8] = b"\0\0"
    packet[6:8] = checksum(bytes(packet[:12])).to_bytes(2, "big")
    return bytes(packet)


DAMAGE = {
    "VRID": (1, "auth-failed"),
    "priority": (2, "auth-failed"),
    "interval": (5, "auth-failed"),
    "address": (11, "auth-failed"),
    "scheme": (12, "auth-key"),
    "key id": (13, "auth-key"),
    "reserved": (15, "auth-key"),
    "sequence": (23, "auth-failed"),
    "HMAC": (39, "auth-failed"),
}


@pytest.mark.parametrize("at, expected", DAMAGE.values(), ids=DAMAGE)
def test_whatever_is_changed_is_noticed(at, expected):
    verifier = Verifier(SIGNATURES)
    assert reason(damaged(at), verifier) == expected
    assert verifier.marks == {}, "nothing is learned from a forgery"


def test_a_signature_is_bound_to_its_source():
    assert reason(signed(Signer(SIGNATURES, 1)), Verifier(SIGNATURES), source=OTHER) == "auth-failed"


def test_a_half_trailer_is_no_signature():
    verifier = Verifier(SIGNATURES)
    packet = signed(Signer(SIGNATURES, 1))
    assert reason(packet[:-1], verifier) == "auth-missing"
    assert reason(packet + b"\0", verifier) == "auth-missing"


def test_keys_change_without_a_pause():
    """Both keys are known everywhere before anyone signs with the new one."""
    both = {1: KEY, 2: SECOND_KEY}
    verifier = Verifier(signatures(keys=both))
    assert reason(signed(Signer(signatures(key_id=1), 1)), verifier) is None
    assert reason(signed(Signer(signatures(key_id=2, keys=both), 2)), verifier) is None
    assert reason(signed(Signer(signatures(key_id=2, keys=both), 3)), Verifier(SIGNATURES)) == "auth-key"


def test_replays_and_late_packets_are_dropped_for_each_sender_apart():
    signer, verifier = Signer(SIGNATURES, 5), Verifier(SIGNATURES)
    first, second = signed(signer), signed(signer)
    assert [reason(packet, verifier) for packet in (second, second, first)] == [None, "replay", "replay"]
    assert reason(signed(Signer(SIGNATURES, 1), vrid=52), verifier) is None
    assert reason(signed(Signer(SIGNATURES, 1), OTHER), verifier, OTHER) is None
    assert reason(signed(Signer(SIGNATURES, 5)), verifier) == "replay"


def test_a_sender_that_restarts_goes_on_by_its_epoch():
    verifier = Verifier(SIGNATURES)
    signer = Signer(SIGNATURES, 5)
    for _ in range(1000):
        assert reason(signed(signer), verifier) is None
    assert reason(signed(Signer(SIGNATURES, 6)), verifier) is None


def test_a_receiver_that_restarts_keeps_its_marks():
    signer, before = Signer(SIGNATURES, 5), Verifier(SIGNATURES)
    recorded = signed(signer)
    assert reason(recorded, before) is None
    assert reason(recorded, Verifier(SIGNATURES)) is None, "the gap that the marks close"
    after = Verifier(SIGNATURES, before.marks)
    assert reason(recorded, after) == "replay"
    assert reason(signed(signer), after) is None


def test_the_sequence_carries_into_the_epoch_and_wraps_around():
    signer = Signer(SIGNATURES, 5)
    signer._sequence += (1 << 32) - 1
    verifier = Verifier(SIGNATURES, {(51, SOURCE): signer._sequence})
    assert reason(signed(signer), verifier) is None
    assert signer.epoch == 6
    assert reason(signed(Signer(SIGNATURES, 0)), Verifier(SIGNATURES, {(51, SOURCE): (1 << 64) - 9})) is None


HALF, WHOLE = 1 << 63, 1 << 64


@pytest.mark.parametrize(
    "sequence, mark, expected",
    [
        (7, 7, 0),
        (8, 7, 1),
        (7, 8, -1),
        (4, WHOLE - 9, 13),
        (WHOLE - 9, 4, -13),
        (HALF - 1, 0, HALF - 1),
        (HALF, 0, -HALF),
        (0, HALF - 1, 1 - HALF),
        (0, HALF, -HALF),
    ],
)
def test_sequences_go_round_in_a_circle_of_64_bits(sequence, mark, expected):
    assert distance(sequence, mark) == expected
    assert is_newer(sequence, mark) is (expected > 0)


def test_the_last_epoch_and_its_last_packet_are_the_last_sequence():
    assert Signer(SIGNATURES, MAX_EPOCH)._sequence + (1 << 32) == 1 << 64


def test_the_memory_for_senders_is_bounded_and_forgets_nobody():
    signer, verifier = Signer(SIGNATURES, 1), Verifier(SIGNATURES)
    sources = [IPv4Address("10.0.0.0") + number for number in range(MAX_SOURCES)]
    recorded = [signed(signer, source) for source in sources]
    assert [reason(packet, verifier, source) for packet, source in zip(recorded, sources, strict=True)] == [
        None
    ] * MAX_SOURCES
    for late in range(300):
        source = IPv4Address("10.0.1.0") + late
        assert reason(signed(signer, source), verifier, source) == "auth-sources"
    for packet, source in zip(recorded, sources, strict=True):
        assert reason(packet, verifier, source) == "replay"
        assert reason(signed(signer, source), verifier, source) is None, "whoever has a place keeps it"
    assert reason(signed(signer, vrid=52), verifier) is None, "another virtual router has its own places"
    again = Verifier(SIGNATURES, verifier.marks)
    assert reason(signed(signer, IPv4Address("10.0.1.0")), again, IPv4Address("10.0.1.0")) == "auth-sources"


def test_who_speaks_for_other_virtual_routers_takes_no_place():
    verifier = Verifier(SIGNATURES)
    assert reason(signed(Signer(SIGNATURES, 1), vrid=99), verifier) == "vrid"
    assert verifier.marks == {}


# authentication of the receiver: what it says to a packet without, with the right and with a wrong password
PASSWORDS = {
    "none": (None, None, "auth-type", "auth-type"),
    "password": (Password(b"secret\0\0"), "auth-type", None, "auth-failed"),
}


@pytest.mark.parametrize("checking, without, right, wrong", PASSWORDS.values(), ids=PASSWORDS)
def test_passwords_of_version_2(checking, without, right, wrong):
    sealings = (None, Password(b"secret\0\0"), Password(b"secret\0x"))
    packets = [
        encode(advertisement(version=Version.V2), SOURCE, IPV4_GROUP, authentication=sealing)
        for sealing in sealings
    ]
    answers = [reason(packet, checking, version=Version.V2) for packet in packets]
    assert answers == [without, right, wrong]


def test_the_bytes_of_a_password():
    packet = encode(
        advertisement(version=Version.V2), SOURCE, IPV4_GROUP, authentication=Password(b"secret\0\0")
    )
    assert packet[:6] == bytes([0x21, 51, 200, 1, 1, 1])
    assert packet[12:] == b"secret\0\0"
    assert encode(advertisement(version=Version.V2), SOURCE, IPV4_GROUP)[12:] == bytes(8)


def test_authentication_header_of_version_2_is_not_spoken():
    packet = bytearray(encode(advertisement(version=Version.V2), SOURCE, IPV4_GROUP))
    packet[4], packet[6:8] = 2, b"\0\0"
    packet[6:8] = checksum(bytes(packet)).to_bytes(2, "big")
    assert reason(bytes(packet), None, version=Version.V2) == "auth-type"


def test_a_password_has_exactly_eight_bytes():
    with pytest.raises(ValueError, match="8 bytes"):
        Password(b"too long for it")


def test_no_secret_is_shown():
    shown = repr(Password(b"secret\0\0")) + repr(SIGNATURES)
    assert "secret" not in shown
    assert repr(KEY)[2:-1] not in shown
