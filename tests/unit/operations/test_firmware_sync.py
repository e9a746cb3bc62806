"""The peer's firmware: what it offers, and what it says while it fetches."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.errors import HadaemonError
from hadaemon.helper.hactl import Hactl
from hadaemon.helper.keeper import Conversation
from hadaemon.io.firmware import rsync
from hadaemon.io.firmware.rsync import TransferError
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.operations.firmware_sync import have_peer_pull, have_peer_stage
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import Peer
from hadaemon.state.places import own_folder
from hadaemon.sync.holder import Holder
from hadaemon.sync.messages import PROTOCOL, Message
from hadaemon.upgrade.offer import PULL_LOG, Offer, Pulled, from_json, pulled, same, to_json
from hadaemon.upgrade.plan import Plan
from tests.unit.upgrade.node import FirmwareNode, make_bundle

NODE = 'schema = 1\nname = "beta"\n[ports.lan]\nmac = "52:54:00:48:0b:01"\naddresses = ["192.0.2.2/24"]\n'
OFFER = Offer("alpha", "2.0", "hotspare-test", "A", "d" * 64, 1000)


class Wire:
    """A conversation without a wire: what one end asks, the keeper answers."""

    def __init__(self, keeper: Conversation) -> None:
        self._keeper = keeper

    def ask(self, message: Message) -> Message:
        return self._keeper.answer(message)


class Pair:
    """alpha, here, runs 2.0 and has its bundle; beta, the peer, is behind its keeper."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.nodes = {}
        for name, version in (("alpha", "2.0"), ("beta", "1.0")):
            (folder / name).mkdir()
            self.nodes[name] = FirmwareNode(folder / name, version)
        self.alpha, self.beta = self.nodes["alpha"], self.nodes["beta"]
        bundle = make_bundle(folder / "2.raucb", version="2.0")
        self.alpha.fill("A", bundle)
        self.alpha.firmware().keep(str(bundle), lambda *_: None)
        state = self.beta.places.state
        (state / "node.toml").write_text(NODE)
        here = OwnConfiguration(state, folder / "no-daemon")
        self.pulls: list[str] = []
        keeper = Conversation(
            here,
            self.beta.places.run,
            Hactl(state, folder, folder),
            stack,
            self.beta.firmware(),
            lambda staged: self.pulls.append("stage" if staged else "pull"),
        )
        self.peer = Peer(Wire(keeper))  # type: ignore[arg-type]
        self.said: list[str] = []

    def log(self, text: str) -> None:
        (self.beta.places.run / PULL_LOG).write_text(text)

    def sync(self, *logs: str) -> str:
        """`logs` is what the peer has said by each look."""
        left, clock = list(logs), iter(range(0, 100_000, 100))

        def wait(_: float) -> None:
            if left:
                self.log(left.pop(0))

        return have_peer_pull(self.alpha.firmware(), self.peer, self.said.append, lambda: next(clock), wait)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        yield Pair(tmp_path, stack)


def test_the_peer_is_told_to_fetch_and_what_it_says_is_passed_on(pair: Pair):
    pair.log("from an earlier time\nend 0\n")
    assert pair.sync("fetching\ncopy", "fetching\ncopying\n", "fetching\ncopying\nend 0\n") == (
        "beta has it: restart beta to try it"
    )
    assert (pair.pulls, pair.said) == (["pull"], ["beta: fetching", "beta: copying"])


def test_what_the_peer_could_not_do_is_a_failure_here(pair: Pair):
    with pytest.raises(HadaemonError, match=r"beta has not taken it: its own words are above"):
        pair.sync("fetching\nhactl: the disk is full\nend 1\n")
    assert pair.said[-1] == "beta: hactl: the disk is full"


def test_a_peer_that_never_ends_is_not_waited_for(pair: Pair):
    with pytest.raises(HadaemonError, match="has not ended within 9 minutes"):
        pair.sync("fetching\n")


def test_one_fetch_at_a_time(pair: Pair):
    pair.log("fetching\n")
    with pytest.raises(HadaemonError, match="beta fetches a firmware already"):
        pair.sync()
    assert pair.pulls == []


def test_what_is_not_here_cannot_be_given(pair: Pair):
    (pair.alpha.places.bundles / "slot-A.raucb").unlink()
    with pytest.raises(HadaemonError, match=r"this node runs 2\.0 and does not have its bundle"):
        pair.sync()
    assert pair.pulls == []


def test_the_same_on_both_is_nothing_to_do(pair: Pair):
    pair.beta.versions["A"] = "2.0"
    pair.peer = Peer(Wire(pair_keeper(pair)))  # type: ignore[arg-type]
    assert pair.sync() == "nothing to do: both nodes run 2.0"
    assert pair.pulls == []


HOLDER = Holder("root", "alpha", "2026-03-01T08:00:00Z", "hactl firmware upgrade")


def test_the_peer_fetches_what_is_staged_for_an_upgrade_under_the_lock_of_the_pair(pair: Pair):
    with pytest.raises(HadaemonError, match="must be locked first"):
        have_peer_stage(pair.peer, pair.said.append)
    pair.peer.lock(HOLDER)
    looks = iter(["", "fetching\n", "fetching\n1.3 MB of 118.1 MB\nend 0\n"])
    have_peer_stage(pair.peer, pair.said.append, wait=lambda _: pair.log(next(looks)))
    assert (pair.pulls, pair.said) == (["stage"], ["beta: fetching", "beta: 1.3 MB of 118.1 MB"])


def test_the_peers_own_words_say_why_it_has_not_taken_it(pair: Pair):
    pair.peer.lock(HOLDER)
    with pytest.raises(HadaemonError, match=r"^beta has not taken it: slot B is broken$"):
        have_peer_stage(
            pair.peer, pair.said.append, wait=lambda _: pair.log("hactl: slot B is broken\nend 1\n")
        )


def test_a_second_administrator_is_refused_on_the_other_node(pair: Pair):
    pair.peer.lock(HOLDER)
    other = Peer(Wire(pair_keeper(pair)))  # type: ignore[arg-type]
    with pytest.raises(HadaemonError, match="is being changed by root on alpha"):
        other.lock(replace(HOLDER, node="beta"))


@pytest.mark.parametrize("staged", [True, False])
def test_nothing_is_fetched_while_an_upgrade_is_under_way(pair: Pair, staged: bool):
    plan = Plan(3, "beta", "alpha", "1.0", "2.0")
    PlanFile(own_folder(pair.beta.places.state)).store(plan)
    pair.peer.lock(HOLDER)
    with pytest.raises(HadaemonError, match="an upgrade of the pair is under way on beta"):
        pair.peer.pull_firmware(staged)
    assert pair.pulls == []


def test_what_is_staged_is_offered_and_sent_and_nothing_else(pair: Pair):
    assert pair.peer.offered_firmware(staged=True).digest == ""
    for slot in "AB":
        pair.beta.fill(slot, make_bundle(pair.beta.folder / "1.raucb", version="1.0"))
    bundle = make_bundle(pair.beta.folder / "3.raucb", version="3.0")
    digest = pair.beta.firmware().stage(str(bundle), False, lambda *_: None).digest
    offer = pair.peer.offered_firmware(staged=True)
    assert (offer.version, offer.digest) == ("3.0", digest)
    assert pair.peer.offered_firmware().version == "1.0"
    keeper = pair_keeper(pair)
    keeper.answer(Message({"verb": "hello", "protocol": [PROTOCOL, PROTOCOL]}))
    assert keeper.answer(Message({"verb": "firmware-send-staged"})).header["ok"] is True
    assert keeper.program[-1] == str(pair.beta.firmware().staged)


def pair_keeper(pair: Pair) -> Conversation:
    here = OwnConfiguration(pair.beta.places.state, pair.beta.folder / "no-daemon")
    run = pair.beta.places.run
    return Conversation(
        here, run, Hactl(run, run, run), contextlib.ExitStack(), pair.beta.firmware(), lambda _: None
    )


def test_another_board_is_refused_before_anything_is_asked_for(pair: Pair):
    found = pair.peer.offered_firmware()
    assert found == Offer("beta", "1.0", "hotspare-test", "A")
    with pytest.raises(HadaemonError, match="this node is a hotspare-test, and the other node is a other"):
        have_peer_pull(pair.alpha.firmware(), Other(pair.peer), pair.said.append)  # type: ignore[arg-type]


class Other:
    """A peer of another board."""

    def __init__(self, peer: Peer) -> None:
        self.side = peer.side

    def offered_firmware(self) -> Offer:
        return Offer("beta", "1.0", "other", "A")


def test_a_keeper_without_firmware_says_so(tmp_path: Path):
    (tmp_path / "node.toml").write_text(NODE)
    with contextlib.ExitStack() as stack:
        keeper = Conversation(
            OwnConfiguration(tmp_path, tmp_path), tmp_path, Hactl(tmp_path, tmp_path, tmp_path), stack
        )
        keeper.answer(Message({"verb": "hello", "protocol": [PROTOCOL, PROTOCOL]}))
        for verb in ("firmware", "firmware-send"):
            answer = keeper.answer(Message({"verb": verb})).header
            assert (answer["ok"], answer["error"]) == (False, "this node has no firmware to give")
        assert keeper.program == ()


def test_only_the_bundle_of_what_runs_can_be_kept(pair: Pair, tmp_path: Path):
    with pytest.raises(HadaemonError, match="is not what this node runs"):
        pair.alpha.firmware().keep(str(make_bundle(tmp_path / "3.raucb", version="3.0")), lambda *_: None)
    assert pair.alpha.firmware().kept_bundle("A") is not None


# words


def test_an_offer_survives_the_wire():
    assert from_json(to_json(OFFER)) == OFFER


@pytest.mark.parametrize(
    "change",
    [
        *({"slot": "C"}, {"slot": "../A"}, {"size": -1}, {"size": True}, {"size": 1 << 40}, {"version": 1}),
        *({"node": "x" * 201}, {"digest": None}),
    ],
)
def test_what_is_no_offer_is_refused(change: dict[str, object]):
    with pytest.raises(HadaemonError, match="cannot be understood"):
        from_json({**to_json(OFFER), **change})


def test_builds_of_one_version_differ_by_their_bundles():
    twin = Offer("beta", "2.0", "hotspare-test", "B", "e" * 64, 1000)
    assert not same(OFFER, twin)
    assert same(OFFER, Offer("beta", "2.0", "hotspare-test", "B"))


@pytest.mark.parametrize(
    "said,found",
    [
        ("", Pulled(())),
        ("fetch", Pulled(())),
        ("fetching\n", Pulled(("fetching",))),
        ("fetching\nend 0", Pulled(("fetching",))),
        ("fetching\nend 3\n", Pulled(("fetching",), 3)),
        ("end \nend 1234\n", Pulled(("end ", "end 1234"))),
    ],
)
def test_a_log_is_read_by_whole_lines(said: str, found: Pulled):
    assert pulled(said) == found


@pytest.mark.parametrize(
    "said,message",
    [
        ("alpha cannot be reached\nrsync error: unexplained\n", "alpha cannot be reached; what came is kept"),
        ("rsync: [receiver] write failed: No space left on device (28)\n", "the disk is full; what came"),
        ("", "does not say why"),
    ],
)
def test_a_transfer_that_fails_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, message: str
):
    def failed(*_: str, line: Callable[[str], None]) -> int:
        for heard in said.splitlines(keepends=True):
            line(heard)
        return 12

    monkeypatch.setattr(rsync, "follow_program", failed)
    with pytest.raises(TransferError, match=message):
        rsync.fetch(tmp_path, "slot-A.raucb", tmp_path / "x", lambda _: None)
