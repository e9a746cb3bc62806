"""Trees, frames and differences: bad input is refused with one sentence, secrets never come out."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.sync.difference import HIDDEN, difference
from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head, head_from_json
from hadaemon.sync.holder import Holder, holder_from_json, holder_to_json
from hadaemon.sync.messages import (
    LENGTHS,
    MAX_BODY,
    MAX_HEADER,
    Message,
    agree,
    decode,
    encode,
    lengths,
    tree_message,
    tree_of,
)
from hadaemon.sync.tree import MAX_BYTES, MAX_FILES, digest, make_tree

names = st.text(alphabet="ab.-_", min_size=1, max_size=3)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(lambda parts: "/".join(["cluster.d", *parts])),
    st.binary(max_size=20),
    max_size=4,
)


@pytest.mark.parametrize(
    "path",
    [
        "../cluster.toml",
        "/etc/passwd",
        "cluster.d",
        "cluster.d/",
        "cluster.d/../../etc/shadow",
        "cluster.d/a/../b",
        "cluster.d/./b",
        "cluster.d//b",
        "cluster.d/.hidden",
        "cluster.d/-rf",
        "cluster.d/a\nb",
        "cluster.d/a\0b",
        "cluster.d/" + "/".join("abcdefghi"),
        "cluster.d/" + "x" * 65,
        "node.toml",
        "cluster.d/ä",
        "",
    ],
)
def test_a_path_that_leaves_the_tree_is_refused(path: str):
    with pytest.raises(SyncError, match="no place for a file"):
        make_tree({"cluster.toml": b"", path: b""}, "here")
    message = Message({"files": [["cluster.toml", 0], [path, 0]]})
    with pytest.raises(SyncError, match="no place for a file"):
        tree_of(message, "here")


@pytest.mark.parametrize(
    "files,words",
    [
        ({"cluster.d/a": b""}, "there is no cluster.toml"),
        ({"cluster.toml": b"x" * (MAX_BYTES + 1)}, "are the limit"),
        ({"cluster.toml": b""} | {f"cluster.d/{n}": b"" for n in range(MAX_FILES)}, "are the limit"),
        ({"cluster.toml": b"", "cluster.d/a": b"", "cluster.d/a/b": b""}, "a file and a folder"),
        ([("cluster.toml", b""), ("cluster.toml", b"")], "twice"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(files, words: str):
    with pytest.raises(SyncError, match=words):
        make_tree(files, "here")


@given(trees)
def test_a_tree_survives_the_wire(files):
    try:
        tree = make_tree(files | {"cluster.toml": b"schema = 1"}, "here")
    except SyncError:
        return
    frame = encode(tree_message({"verb": "check"}, tree))
    header, body = lengths(frame[: LENGTHS.size])
    rest = frame[LENGTHS.size :]
    assert len(rest) == header + body
    assert tree_of(decode(rest[:header], rest[header:]), "here") == tree


@given(trees, trees)
def test_the_digest_tells_trees_apart(one, other):
    try:
        first, second = (make_tree(files | {"cluster.toml": b""}, "here") for files in (one, other))
    except SyncError:
        return
    assert (digest(first) == digest(second)) == (first == second)


def test_the_digest_minds_where_a_file_ends():
    one = make_tree({"cluster.toml": b"", "cluster.d/a": b"12:cluster.d/b0:"}, "here")
    other = make_tree({"cluster.toml": b"", "cluster.d/a": b"", "cluster.d/b": b""}, "here")
    assert digest(one) != digest(other)


@given(st.binary(max_size=200))
def test_any_header_is_a_message_or_one_clear_error(data: bytes):
    with contextlib.suppress(SyncError):
        tree_of(decode(data, b""), "the peer")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
)
def test_any_value_is_a_head_or_one_clear_error(value):
    with contextlib.suppress(SyncError):
        assert isinstance(head_from_json(value, "the peer"), Head)
    holder_from_json(value)
    with contextlib.suppress(SyncError):
        tree_of(Message({"files": value}), "the peer")


@pytest.mark.parametrize("header,body", [(MAX_HEADER + 1, 0), (0, MAX_BODY + 1), (0xFFFFFFFF, 0xFFFFFFFF)])
def test_a_frame_that_is_too_large_is_refused_before_it_is_read(header: int, body: int):
    with pytest.raises(SyncError, match="are the limit"):
        lengths(LENGTHS.pack(header, body))


def test_a_head_survives_and_unknown_keys_are_ignored():
    head = Head("1" * 32, 7, "a" * 64)
    assert head_from_json({**json.loads(json.dumps(head.as_json())), "colour": "red"}, "x") == head


@pytest.mark.parametrize(
    "ours,theirs,expected",
    [((1, 2), [1, 1], 1), ((1, 2), [2, 3], 2), ((1, 1), [1, 2], 1), ((2, 3), [3, 4], 3)],
)
def test_the_version_before_still_works(ours, theirs, expected: int):
    assert agree(ours, theirs) == expected


@pytest.mark.parametrize(
    "ours,theirs,words",
    [
        ((2, 3), [1, 1], "upgrade the firmware of the peer"),
        ((1, 2), [3, 4], "upgrade the firmware of this node"),
        ((1, 2), None, "does not say"),
        ((1, 2), "12", "does not say"),
        ((1, 2), [True, 2], "does not say"),
    ],
)
def test_versions_too_far_apart_are_refused(ours, theirs, words: str):
    with pytest.raises(SyncError, match=words):
        agree(ours, theirs)


def test_a_lock_tells_who_and_never_steers_a_terminal():
    holder = Holder("admin", "alpha", "2026-03-01T08:00:00+00:00", "hactl config sync")
    assert holder_from_json(holder_to_json(holder)) == holder
    odd = holder_from_json(json.dumps({"who": "\x1b[2J" + "x" * 999}))
    assert "\x1b" not in str(odd)
    assert len(odd.who) <= 200


OLD = b"""
name = "office"
[vrrp]
preempt = true
[vrrp.authentication]
passphrase = "hunter2"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


def lines(new: bytes, **files: bytes) -> tuple[str, ...]:
    return difference(make_tree({"cluster.toml": OLD}, "a"), make_tree({"cluster.toml": new, **files}, "b"))


def test_a_difference_names_keys_and_values():
    new = OLD.replace(b"preempt = true", b"preempt = false").replace(b"12.1/24", b"12.2/24")
    assert lines(new) == (
        "- cluster.toml: vrrp.preempt = True",
        "+ cluster.toml: vrrp.preempt = False",
        "- cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.1/24']",
        "+ cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.2/24']",
    )


def test_a_secret_is_never_shown():
    changed = lines(OLD.replace(b"hunter2", b"correct horse"))
    assert changed == (f"~ cluster.toml: vrrp.authentication.passphrase = {HIDDEN}, changed",)
    removed = lines(OLD.replace(b'passphrase = "hunter2"', b'key = "c2VjcmV0"'))
    assert removed == (
        f"- cluster.toml: vrrp.authentication.passphrase = {HIDDEN}",
        f"+ cluster.toml: vrrp.authentication.key = {HIDDEN}",
    )
    for text in (*changed, *removed, *lines(OLD + b"= broken")):
        assert "hunter2" not in text
        assert "c2Vj" not in text


def test_files_are_shown_by_line_only_where_no_secret_can_be():
    rules = {"cluster.d/rules.nft": b"table inet a {}\n", "cluster.d/tunnel.conf": b"psk hunter2\n"}
    assert lines(OLD, **rules) == (
        "+ cluster.d/rules.nft (16 bytes)",
        "    +table inet a {}",
        "+ cluster.d/tunnel.conf (12 bytes)",
    )


def test_comments_are_a_difference_too():
    assert lines(b"# new\n" + OLD) == ("~ cluster.toml: only comments or the order differ",)
    assert lines(OLD) == ()


def test_no_escape_sequence_reaches_the_terminal():
    assert not any("\x1b" in line for line in lines(OLD + b'"\\u001b[2J" = "\\u001b[2J"\n'))
