"""The heartbeat: who is believed, who is not and why, and when a peer is silent."""

import hmac
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.cluster import NodeState, PeerGoodbye, PeerReport
from hadaemon.config.hotwire_keys import Key, Purpose, Secret, parse_secret
from hadaemon.daemon.hotwire.hotwire import Hotwire
from hadaemon.daemon.hotwire.status import problems
from hadaemon.hotwire.heartbeat import Heartbeat
from hadaemon.hotwire.message import (
    MAX_BODY,
    MAX_SIZE,
    VERSION,
    DropReason,
    Kind,
    Life,
    Message,
    seal,
    unseal,
)
from hadaemon.hotwire.report import decode_report, encode_report
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals

SECRET = Secret(bytes(range(32)))
OTHER_SECRET = Secret(bytes(32))


def peer(name: str = "beta", **changes: object) -> Peer:
    plain = Peer(
        name=name,
        state=NodeState.BACKUP,
        releasing=False,
        links_down=0,
        failed_groups=0,
        preferred=False,
        epoch=0,
        switched=False,
        claims=False,
        suspended=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def node(name: str, epoch: int = 1, nonce: int = 0, secret: Secret = SECRET) -> Heartbeat:
    return Heartbeat(name, Life(epoch, nonce or sum(name.encode()) + epoch), secret, interval=100, missed=3)


def report(sender: Heartbeat, name: str = "beta", **changes: object) -> bytes:
    return sender.message(Kind.REPORT, encode_report(Report(peer(name, **changes))))


def meet(alpha: Heartbeat, beta: Heartbeat, now: float = 0.0, name: str = "beta") -> None:
    """Three messages: introduction, answer, belief on both sides."""
    assert alpha.receive(report(beta, name), now) == ()
    assert beta.receive(report(alpha, "alpha"), now) == (PeerReport(peer("alpha")),) or not beta.alive
    assert alpha.receive(report(beta, name), now) == (PeerReport(peer(name)),)
    beta.receive(report(alpha, "alpha"), now)
    assert alpha.alive
    assert beta.alive


def test_two_nodes_believe_each_other_after_one_round_trip():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    assert (alpha.peer_name, beta.peer_name) == ("beta", "alpha")
    assert not alpha.drops
    assert not beta.drops


def test_what_is_dropped_is_counted_from_nothing():
    alpha = node("alpha")
    assert alpha.dropped == 0
    alpha.receive(b"nonsense", 0.0)
    assert alpha.dropped == 1


def test_what_is_believed_is_counted_from_nothing():
    alpha, beta = node("alpha"), node("beta")
    assert alpha.received == 0
    alpha.receive(report(beta), 0)
    assert alpha.received == 0, "an introduction is not believed yet"
    beta.receive(report(alpha, "alpha"), 0)
    alpha.receive(report(beta), 0)
    assert alpha.received == 1
    alpha.receive(report(beta, links_down=1), 0)
    assert alpha.received == 2
    alpha.receive(beta.message(Kind.GOODBYE, b"shutdown"), 0)
    assert alpha.received == 3


def test_a_node_counts_its_messages_from_one_and_echoes_nothing_before_it_hears():
    beta = node("beta")
    messages = [beta.message(Kind.REPORT, b"") for _ in range(3)]
    read = [unseal(data, "alpha", lambda name: SECRET.key(Purpose.HEARTBEAT, name)) for data in messages]
    assert [(message.sequence, message.echo) for message in read] == [(1, 0), (2, 0), (3, 0)]


def test_the_last_report_stays_known_when_the_peer_is_silent():
    alpha, beta = node("alpha"), node("beta")
    assert (alpha.report, alpha.heard_at, alpha.peer_name, alpha.peer_life) == (None, None, None, None)
    meet(alpha, beta, now=10.0)
    alpha.tick(11)
    assert alpha.report == Report(peer())
    assert (alpha.heard_at, alpha.peer_name, alpha.peer_life) == (10.0, "beta", beta._life)


@pytest.mark.parametrize("named,believed", [(0, 50), (49, 50), (51, 51), (999, 999), (1001, 1000)])
def test_the_peers_interval_is_believed_within_bounds(named: int, believed: int):
    alpha = node("alpha")
    beta = Heartbeat("beta", Life(1, 7), SECRET, interval=named, missed=3)
    meet(alpha, beta)
    assert alpha.next_deadline == pytest.approx(3.5 * believed / 1000)


def test_an_introduction_is_answered_once():
    alpha, beta = node("alpha"), node("beta")
    assert not alpha.take_introduction(), "nobody has spoken yet"
    alpha.receive(report(beta), 0)
    assert alpha.take_introduction()
    alpha.receive(report(beta), 0)
    assert not alpha.take_introduction()


def test_a_peer_is_silent_after_the_missed_intervals_and_is_told_once():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta, now=10.0)
    assert alpha.next_deadline == pytest.approx(10.35)
    assert alpha.tick(10.3) == ()
    assert alpha.tick(alpha.next_deadline) == (PeerReport(None),)
    assert alpha.tick(10.4) == ()
    assert not alpha.alive
    assert alpha.receive(report(beta), 11) == (PeerReport(peer()),), "the same life may speak again"


def test_a_goodbye_ends_the_life():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    late = report(beta)
    assert alpha.receive(beta.message(Kind.GOODBYE, b"shutdown"), 1) == (PeerGoodbye("shutdown"),)
    assert not alpha.alive
    assert alpha.receive(late, 1) == ()
    assert alpha.drops == {DropReason.FORMER_LIFE: 1}


@pytest.mark.parametrize(
    "body,told",
    [
        (b"shutdown", "shutdown"),
        (b"", "no reason"),
        (b"\x1b[2J", "no reason"),
        ("grün".encode(), "grün"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_reason_of_a_goodbye_is_safe_to_print(body: bytes, told: str):
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    assert alpha.receive(beta.message(Kind.GOODBYE, body), 1) == (PeerGoodbye(told),)


def test_a_life_that_the_connection_saw_end_is_over():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    life = alpha.peer_life
    assert life is not None
    waiting = report(beta)
    assert alpha.end_life(life)
    assert not alpha.end_life(life), "only once"
    assert alpha.receive(waiting, 1) == ()
    meet(alpha, node("beta", epoch=2), now=2)


def test_everything_of_a_former_life_is_worthless():
    alpha, first = node("alpha"), node("beta", epoch=1)
    recorded = [report(first)]
    meet(alpha, first)
    recorded += [report(first) for _ in range(5)]
    second = node("beta", epoch=2)
    meet(alpha, second, now=1)
    believed = alpha.received
    for message in recorded:
        assert alpha.receive(message, 1.01) == ()
    assert alpha.receive(first.message(Kind.GOODBYE, b"shutdown"), 1.01) == ()
    assert alpha.received == believed
    assert alpha.drops == {DropReason.FORMER_LIFE: len(recorded) + 1}


def test_recordings_of_the_peers_lives_mean_nothing_to_our_new_life():
    before, beta = node("alpha", epoch=1), node("beta")
    meet(before, beta)
    recorded = [report(beta, state=NodeState.ACTIVE), beta.message(Kind.GOODBYE, b"shutdown")]
    alpha = node("alpha", epoch=2)
    for message in recorded:
        assert alpha.receive(message, 0) == ()
    assert not alpha.alive
    beta.receive(report(alpha, "alpha"), 0)
    assert alpha.receive(report(beta), 0) == (PeerReport(peer()),), "the peer itself is still believed"


def test_a_life_that_another_one_followed_is_over_even_when_all_is_silent():
    alpha, first = node("alpha"), node("beta", epoch=1)
    meet(alpha, first)
    late = report(first)
    meet(alpha, node("beta", epoch=2), now=1)
    alpha.tick(2)
    assert alpha.receive(late, 2) == ()
    assert alpha.drops == {DropReason.FORMER_LIFE: 1}
    assert not alpha.alive


def test_the_last_256_lives_that_ended_are_remembered():
    alpha = node("alpha")
    for number in range(1, 300):
        alpha.end_life(Life(number, number))
    assert [life.epoch for life in alpha._ended] == list(range(44, 300))


def test_a_life_of_the_same_epoch_takes_no_place_of_one_that_lives():
    """A box whose memory of its epochs cannot be written."""
    alpha = node("alpha")
    meet(alpha, node("beta", nonce=7))
    alpha.receive(report(node("beta", nonce=8)), 0.1)
    assert alpha.drops == {DropReason.FORMER_LIFE: 1}


def test_a_box_that_was_set_up_anew_counts_from_the_beginning():
    alpha = node("alpha")
    meet(alpha, node("beta", epoch=70))
    fresh = node("beta", epoch=1)
    alpha.receive(report(fresh), 0.1)
    assert alpha.drops == {DropReason.FORMER_LIFE: 1}, "while the other one lives"
    alpha.tick(1)
    meet(alpha, fresh, now=2)


def test_a_third_box_is_told_apart_while_the_peer_lives():
    alpha, beta, gamma = node("alpha"), node("beta"), node("gamma")
    meet(alpha, beta)
    assert alpha.receive(report(gamma, "gamma"), 0.1) == ()
    assert alpha.drops == {DropReason.THIRD_BOX: 1}
    assert alpha.receive(report(beta), 0.1)
    alpha.tick(1)
    meet(alpha, gamma, now=2, name="gamma")
    assert alpha.peer_name == "gamma", "a replacement may have another name"


def test_nobody_repeats_the_words_of_another_node():
    alpha, beta, gamma = node("alpha"), node("beta"), node("gamma")
    meet(alpha, beta)
    alpha.tick(1)
    for _ in range(2):
        gamma.receive(report(alpha, "alpha"), 2)
        assert alpha.receive(report(gamma, "beta"), 2) == ()
    assert alpha.drops.keys() == {DropReason.BODY}


def test_a_repeated_message_counts_as_any_other():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    before = alpha.received
    told = alpha.receive(report(beta), 0.1)
    assert told == (PeerReport(peer()),)
    assert alpha.receive(report(beta), 0.2) is told, "it is not taken apart again"
    assert (alpha.received, alpha.heard_at) == (before + 2, 0.2)
    assert alpha.receive(report(beta, failed_groups=1), 0.3) == (PeerReport(peer(failed_groups=1)),)
    data = report(beta)
    alpha.receive(data, 0.4)
    assert alpha.receive(data, 0.5) == ()
    assert alpha.drops == {DropReason.REPLAYED: 1}


def test_a_wrong_key_is_told_apart():
    alpha = node("alpha")
    alpha.receive(report(node("beta", secret=OTHER_SECRET)), 0)
    assert alpha.drops == {DropReason.WRONG_KEY: 1}


def test_what_comes_back_is_not_the_peer():
    alpha = node("alpha")
    alpha.receive(report(alpha, "alpha"), 0)
    assert alpha.drops == {DropReason.OWN_NAME: 1}


def test_a_reflected_message_with_another_name_does_not_pass():
    """The key belongs to the direction."""
    alpha = node("alpha")
    data = report(alpha, "alpha").replace(b"alpha", b"betaa")
    alpha.receive(data, 0)
    assert alpha.drops == {DropReason.WRONG_KEY: 1}


def test_a_key_signs_with_hmac_sha256():
    key = Key(b"k" * 32)
    for data in (b"", b"one", b"x" * 500):
        assert key.sign(data) == hmac.digest(b"k" * 32, data, "sha256")


def test_the_keys_differ_by_purpose_and_sender():
    keys = {SECRET.key(purpose, name).sign(b"") for purpose in Purpose for name in ("alpha", "beta")}
    assert len(keys) == 4


def test_the_secret_is_never_shown():
    assert "AAEC" in SECRET.text()
    for shown in (repr(SECRET), str(SECRET)):
        assert SECRET.text() not in shown
        assert str(SECRET.value) not in shown
    with pytest.raises(ValueError, match="base64") as refused:
        parse_secret("hunter2")
    assert "hunter2" not in str(refused.value)
    assert parse_secret(SECRET.text() + "\n") == SECRET


@pytest.mark.parametrize(
    "version,reason,whose",
    [
        (VERSION - 1, DropReason.OLDER_VERSION, "of the other node"),
        (VERSION + 1, DropReason.NEWER_VERSION, "of this node"),
    ],
)
def test_another_version_is_told_with_whose_firmware_is_to_be_upgraded(
    version: int, reason: DropReason, whose: str
):
    alpha = node("alpha")
    data = bytearray(report(node("beta")))
    data[4] = version
    assert alpha.receive(bytes(data), 0) == ()
    assert alpha.drops == {reason: 1}
    card, port = SimpleNamespace(carrier=True), SimpleNamespace(name="hotwire")
    hotwire = SimpleNamespace(
        link=card, plan=SimpleNamespace(port=port), failure=None, last_word="", heartbeat=alpha
    )
    _, told = problems(cast(Hotwire, hotwire), False, 0)
    assert told.text.endswith(f"upgrade the firmware {whose}")


def test_an_authentic_body_that_is_nonsense_is_dropped():
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    for body in (b"", b"[]", b"{}", b'{"name":"beta","state":"drunk"}', b"[" * 1000, b"\xff"):
        assert alpha.receive(beta.message(Kind.REPORT, body), 0.1) == ()
    assert alpha.drops == {DropReason.BODY: 6}


def test_what_a_later_version_adds_is_ignored_and_what_an_older_one_lacks_has_a_default():
    body = encode_report(Report(peer()))[:-1] + b',"new":{"a":[1]}}'
    assert decode_report(body) == Report(peer())
    least = decode_report(b'{"name":"beta","state":"backup"}')
    assert least == Report(peer())


@given(st.binary(max_size=1500))
def test_no_bytes_do_any_harm(data: bytes):
    alpha = node("alpha")
    assert alpha.receive(data, 0) == ()
    assert sum(alpha.drops.values()) == 1


@given(st.data())
def test_one_changed_byte_is_never_believed(data: st.DataObject):
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    message = bytearray(report(beta))
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] ^= data.draw(st.integers(1, 255))
    assert alpha.receive(bytes(message), 0.1) == ()
    assert sum(alpha.drops.values()) == 1


@given(st.integers(0, 10_000))
def test_a_truncated_or_lengthened_message_is_never_believed(cut: int):
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    message = report(beta)
    changed = message[: cut % len(message)] if cut % 2 else message + bytes(cut % 700 + 1)
    assert alpha.receive(changed, 0.1) == ()
    assert sum(alpha.drops.values()) == 1


@given(st.lists(st.integers(0, 19), max_size=60))
def test_replayed_and_reordered_messages_only_ever_go_forward(order: list[int]):
    alpha, beta = node("alpha"), node("beta")
    meet(alpha, beta)
    sent = [report(beta, links_down=number) for number in range(20)]
    latest = -1
    for number in order:
        events = alpha.receive(sent[number], 0.1)
        assert events == ((PeerReport(peer(links_down=number)),) if number > latest else ())
        latest = max(latest, number)


@given(st.lists(st.sampled_from(["first", "second", "third", "gamma", "mallory", "tick"]), max_size=40))
def test_whatever_is_mixed_in_the_present_life_wins(order: list[str]):
    """Lives of the peer, a third box with our key and one without, in any order: once the present peer
    speaks, it is believed within one round trip."""
    alpha = node("alpha")
    lives = {"first": 1, "second": 2, "third": 3}
    senders = {name: node("beta", epoch, nonce=epoch) for name, epoch in lives.items()}
    senders |= {"gamma": node("gamma"), "mallory": node("beta", 99, secret=OTHER_SECRET)}
    now = 0.0
    for name in order:
        now += 0.05
        if name == "tick":
            now += 1
            alpha.tick(now)
            continue
        senders[name].receive(report(alpha, "alpha"), now)
        alpha.receive(report(senders[name], senders[name]._name), now)
        if name == "mallory":
            assert alpha.drops[DropReason.WRONG_KEY]
    present = node("beta", epoch=100)
    now += 1
    alpha.tick(now)
    alpha.receive(report(present), now)
    present.receive(report(alpha, "alpha"), now)
    assert alpha.receive(report(present, links_down=7), now) == (PeerReport(peer(links_down=7)),)


names = st.text("abcdefghijklmnopqrstuvwxyz-_0123456789", min_size=1, max_size=15)
numbers = st.integers(0, 1 << 40)


@given(
    st.builds(
        Report,
        st.builds(
            Peer,
            names,
            st.sampled_from(NodeState),
            st.booleans(),
            numbers,
            numbers,
            st.booleans(),
            numbers,
            st.booleans(),
            st.booleans(),
            st.booleans(),
            st.dictionaries(names, st.booleans(), max_size=64).map(lambda links: tuple(links.items())),
            st.text("abc ÄÖ", max_size=300),
        ),
        st.builds(Vitals, names, st.none() | numbers, names, st.none() | numbers, st.floats(0, 1000)),
    )
)
def test_every_report_fits_and_comes_back(told: Report):
    body = encode_report(told)
    assert len(body) <= MAX_BODY
    heard = decode_report(body)
    assert replace(heard.peer, links=(), unready="") == replace(told.peer, links=(), unready="")
    assert set(heard.peer.links) <= set(told.peer.links)
    assert told.peer.unready.startswith(heard.peer.unready)
    if len(told.peer.links) <= 20 and len(told.peer.unready) < 50:
        assert heard.peer.links == told.peer.links


def test_the_longest_name_and_body_fit():
    name = "a" * 63
    message = Message(Kind.REPORT, Life(1, 1), 1, 0, 100, name, bytes(MAX_BODY))
    assert len(seal(message, SECRET.key(Purpose.HEARTBEAT, name))) == MAX_SIZE


def test_what_was_said_before_a_silence_is_no_sign_of_life_after_it():
    """A datagram may wait in the kernel until the cable is whole again, and its sender be dead by then."""
    alpha, beta = node("alpha"), node("beta", nonce=7)
    meet(alpha, beta)
    late = [report(beta, state=NodeState.ACTIVE) for _ in range(3)]
    silent_at = alpha.next_deadline
    assert silent_at is not None
    assert alpha.tick(silent_at) == (PeerReport(None),)
    alpha.begin_life(Life(2, 99))
    for message in late:
        assert alpha.receive(message, silent_at + 1) == ()
    assert not alpha.alive
    # Who lives learns of the new life, and is believed after one round trip.
    beta.receive(report(alpha, "alpha"), silent_at + 1)
    (event,) = alpha.receive(report(beta), silent_at + 1)
    assert isinstance(event, PeerReport)
    assert alpha.alive


def test_a_new_life_costs_the_other_node_nothing():
    """Only one of the two has missed the other: a cable that passed one way for a while."""
    alpha, beta = node("alpha"), node("beta", nonce=7)
    meet(alpha, beta)
    alpha.begin_life(Life(2, 99))
    (event,) = beta.receive(report(alpha, "alpha"), 0.1)
    assert isinstance(event, PeerReport), "it is alive all the time"
    assert beta.take_introduction(), "and is answered at once"
