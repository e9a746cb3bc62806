"""The bytes of a message, and why one is not believed."""

import struct

import pytest

from hadaemon.config.hotwire_keys import Key, Purpose, Secret
from hadaemon.hotwire.message import MAX_NAME, Dropped, DropReason, Kind, Life, Message, seal, unseal

SECRET = Secret(bytes(range(32)))
HELLO = Message(Kind.REPORT, Life(5, 6), 7, 8, 100, "beta", b"hello")


def key(sender: str) -> Key:
    return SECRET.key(Purpose.HEARTBEAT, sender)


def sealed(kind: int = 1, nonce: int = 6, name: bytes = b"beta", body_size: int = 5) -> bytes:
    """By hand, in the layout that all versions share; with the size of a body that has five bytes."""
    head = struct.pack("!4sBBHQQQQHB", b"HSHW", 1, kind, body_size, 5, nonce, 7, 8, 100, len(name))
    signed = head + name + b"hello"
    return signed + key(name.decode("ascii", "replace")).sign(signed)


def refusal(data: bytes) -> DropReason:
    with pytest.raises(Dropped) as dropped:
        unseal(data, "alpha", key)
    return dropped.value.reason


def test_boxes_of_every_version_understand_each_other_by_the_same_bytes():
    assert seal(HELLO, key("beta")) == sealed()
    assert unseal(sealed(), "alpha", key) == HELLO
    assert {kind.name: kind.value for kind in Kind} == {"REPORT": 1, "GOODBYE": 2, "PAUSE": 3, "CARRY": 4}


@pytest.mark.parametrize("name", ["b", "b" * MAX_NAME])
def test_the_shortest_and_the_longest_name(name: str):
    assert unseal(sealed(name=name.encode()), "alpha", key).sender == name


@pytest.mark.parametrize(
    "data,reason",
    [
        (sealed(name=b""), DropReason.MALFORMED),
        (sealed(name=b"b" * (MAX_NAME + 1)), DropReason.MALFORMED),
        (sealed(name=b"b\xff"), DropReason.MALFORMED),
        (sealed(body_size=4), DropReason.MALFORMED),
        (sealed(body_size=6), DropReason.MALFORMED),
        (sealed() + b"x", DropReason.MALFORMED),
        (b"X" + sealed()[1:], DropReason.MALFORMED),
        (sealed(name=b"alpha"), DropReason.OWN_NAME),
        (sealed(kind=0), DropReason.BODY),
        (sealed(kind=5), DropReason.BODY),
        (sealed(nonce=0), DropReason.BODY),
    ],
)
def test_why_a_message_is_dropped(data: bytes, reason: DropReason):
    assert refusal(data) is reason


@pytest.mark.parametrize("version,reason", [(0, DropReason.OLDER_VERSION), (2, DropReason.NEWER_VERSION)])
def test_of_another_version_nothing_else_is_read(version: int, reason: DropReason):
    assert refusal(b"HSHW" + bytes([version]) + bytes(200)) is reason
