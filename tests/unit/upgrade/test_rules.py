"""Versions, verity's root hash, trials and agreement: the pure rules."""

import dataclasses

import pytest

from hadaemon.sync.head import SyncState
from hadaemon.upgrade.agreement import agreement
from hadaemon.upgrade.bundle import BLOCK, root_hash
from hadaemon.upgrade.trial import Check, Outlook, Trial, decode, encode, outlook, sick
from hadaemon.upgrade.version import Version

TRIAL = Trial("B", "2.0", "A", "1.0", "one", ("hotwire",))


def test_versions_in_order():
    texts = ["dev", "0.9", "0.10", "1.0-rc1", "1.0-rc2", "1.0-rc10", "1.0", "1.0.1", "1.2", "10.0"]
    assert sorted(set(texts), key=Version) == texts


@pytest.mark.parametrize("one,other", [("1.0", "1.0.0"), ("dev", "main-3f2a"), ("1.0-rc1", "1.0~rc1")])
def test_versions_of_which_none_is_newer(one: str, other: str):
    assert not Version(one) < Version(other)
    assert not Version(other) < Version(one)


def test_the_root_hash_is_that_of_veritysetup():
    """Of `veritysetup format`, 300 blocks of the bytes of their numbers modulo 256, a salt of 32 zeros."""
    blocks = [bytes([number % 256]) * BLOCK for number in range(300)]
    assert (
        root_hash(blocks, bytes(32)).hex()
        == "f6321cd8b22bb1d4f4516c3316ed2070e810a31d5e0cfcb5e4e83caa16de9c53"
    )


@pytest.mark.parametrize(
    "slot,boot,expected",
    [
        ("B", "one", Outlook.ON_TRIAL),
        ("B", "two", Outlook.ON_TRIAL),
        ("A", "one", Outlook.WAITING),
        ("A", "two", Outlook.FELL_BACK),
    ],
)
def test_where_a_trial_stands(slot: str, boot: str, expected: Outlook):
    assert outlook(TRIAL, slot, boot) is expected
    assert outlook(None, slot, boot) is Outlook.NONE


def test_a_firmware_is_not_at_fault_for_what_failed_before():
    failing = {Check.HOTWIRE: "the hotwire is silent"}
    assert sick(failing, ("hotwire",)) == ""
    assert sick(failing, ()) == "hotwire: the hotwire is silent"
    assert sick({**failing, Check.RULES: "bad"}, ("hotwire",)) == "rules: bad"


def test_a_trial_survives_its_file():
    assert decode(encode(TRIAL)) == TRIAL


@pytest.mark.parametrize("text", [None, "", "nonsense", "[]", "{}", '{"slot": 1}', encode(TRIAL)[:-9]])
def test_what_is_no_trial_is_none(text: str | None):
    assert decode(text) is None


def test_a_field_of_a_newer_version_is_left_out():
    assert decode(encode(TRIAL).replace('"schema": 1', '"schema": 2, "colour": "red"')) == TRIAL


@pytest.mark.parametrize(
    "own,peer,state",
    [
        ("1.0", "1.0", SyncState.SYNCHRONIZED),
        ("1.0", "1.1", SyncState.PENDING),
        ("1.0", "", SyncState.ERROR),
        ("1.0", None, SyncState.ERROR),
        (None, "1.0", SyncState.ERROR),
    ],
)
def test_agreement(own: str | None, peer: str | None, state: SyncState):
    found = agreement(own, peer)
    assert found.state is state
    assert found.reason
    assert dataclasses.asdict(found)["state"] == state
