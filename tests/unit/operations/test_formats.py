"""Configurations between two firmware versions with different formats, both ways."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import ConfigError, load_cluster, load_node, load_preseed, render_node
from hadaemon.config.migrate import KNOWN, Kind, Raw, Schemas
from hadaemon.helper.hactl import Hactl
from hadaemon.helper.keeper import Conversation
from hadaemon.io.store.forms import form_path, read_form, store
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import Peer
from hadaemon.operations.synchronize import compare, synchronize
from hadaemon.state.configuration import load_configuration
from hadaemon.status.states import Condition
from hadaemon.sync.errors import SyncError
from hadaemon.sync.holder import Holder
from hadaemon.sync.messages import Message
from hadaemon.sync.record import How
from hadaemon.sync.tree import CLUSTER, Tree, make_tree
from tests.unit.operations.formats import NEWER, OLDER, firmware
from tests.unit.operations.test_own_configuration import CLUSTER as TEXT
from tests.unit.operations.test_own_configuration import NODE

NODE_2 = NODE.replace("schema = 1", 'schema = 2\nlanguage = "en"')
WHO = Holder("eve", "alpha", "2026-03-01T08:00:00+00:00", "a test")


def cluster(schema: int, interval: str) -> str:
    return TEXT.replace("schema = 1", f"schema = {schema}") + (
        f'\n[vrrp]\nadvertisement_interval = "{interval}"\n'
    )


def as_tree(text: str) -> Tree:
    return make_tree({CLUSTER: text.encode()}, "a test")


# Pure: the tables


NAMES = st.dictionaries(st.sampled_from(["name", "master", "x"]), st.text(max_size=5), max_size=3)
OLD_CLUSTERS = st.builds(
    lambda rest, vrrp: {**rest, "schema": 1, "vrrp": vrrp},
    NAMES,
    st.one_of(
        st.just({}),
        st.builds(
            lambda seconds: {"advertisement_interval": f"{seconds}s"}, st.integers(min_value=0, max_value=999)
        ),
        st.builds(lambda junk: {"advertisement_interval": junk}, st.one_of(st.integers(), st.just("soon"))),
    ),
)
OLD_NODES = st.builds(lambda rest: {**rest, "schema": 1}, NAMES)


@given(st.one_of(st.tuples(st.just(Kind.CLUSTER), OLD_CLUSTERS), st.tuples(st.just(Kind.NODE), OLD_NODES)))
def test_up_and_down_again_is_where_it_was(case: tuple[Kind, Raw]):
    kind, raw = case
    before = repr(raw)
    raised = NEWER.raised(raw, kind)
    assert raised["schema"] == 2
    lowered = NEWER.lowered(raised, kind, 1)
    assert (lowered.raw, lowered.lost) == (raw, ()), "going up has lost nothing"
    assert NEWER.raised(lowered.raw, kind) == raised
    assert repr(raw) == before, "what was given stays as it was"


@given(st.integers(min_value=1, max_value=99_999))
def test_down_and_up_again_is_where_it_was_or_says_what_is_lost(milliseconds: int):
    raw: Raw = {"schema": 2, "vrrp": {"advertisement_interval": f"{milliseconds}ms"}}
    lowered = NEWER.lowered(raw, Kind.CLUSTER, 1)
    assert (NEWER.raised(lowered.raw, Kind.CLUSTER) == raw) == (not lowered.lost)
    assert bool(lowered.lost) == (milliseconds % 1000 != 0)


def test_over_several_steps():
    three = Schemas(oldest=1, steps=(*NEWER.steps, *NEWER.steps))
    raised = three.raised({"schema": 1, "vrrp": {"advertisement_interval": "2s"}}, Kind.CLUSTER)
    assert raised == {"schema": 3, "vrrp": {"advertisement_interval": "2000ms"}}
    assert three.lowered(raised, Kind.CLUSTER, 2).raw["schema"] == 2
    assert three.lowered(raised, Kind.CLUSTER, 1).raw["vrrp"] == {"advertisement_interval": "2s"}
    assert (three.oldest, three.newest) == (1, 3)


def test_the_tables_of_a_preseed_are_each_brought_up():
    raw: Raw = {"schema": 1, "node": {"name": "a"}, "cluster": {"vrrp": {"advertisement_interval": "1s"}}}
    assert NEWER.raised(raw, Kind.PRESEED) == {
        "schema": 2,
        "node": {"name": "a", "language": "en"},
        "cluster": {"vrrp": {"advertisement_interval": "1000ms"}},
    }
    assert NEWER.lowered(NEWER.raised(raw, Kind.PRESEED), Kind.PRESEED, 1).raw == raw


def test_this_firmware_reads_all_that_was_released():
    assert KNOWN.oldest == 1
    assert KNOWN.knows(1)


# One node, back and forth


def test_an_older_file_is_read_as_it_is():
    with firmware(NEWER):
        assert load_node(NODE).language == "en"
        assert load_cluster(cluster(1, "2s")) == load_cluster(cluster(2, "2000ms"))
        assert render_node(load_node(NODE)).startswith("schema = 2\n")


@pytest.mark.parametrize("schema,told", [(3, "is 3, but this version of hadaemon reads 1 to 2"), (0, "is 0")])
def test_what_nobody_knows_is_refused(schema: int, told: str):
    text = NODE.replace("schema = 1", f"schema = {schema}")
    with firmware(NEWER), pytest.raises(ConfigError, match=told):
        load_node(text)
    with firmware(NEWER), pytest.raises(ConfigError, match="reads 1 to 2"):
        load_preseed("schema = 3")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return node(tmp_path, "alpha")


def node(folder: Path, name: str) -> Path:
    state = folder / name / "state"
    state.mkdir(parents=True)
    (state / "node.toml").write_text(NODE.replace('"alpha"', f'"{name}"'))
    return state


def test_a_node_goes_back_to_the_older_firmware_and_forth_again(state: Path):
    with firmware(NEWER):
        store(state / "node.toml", NODE_2, Kind.NODE, 0o640)
        own = OwnConfiguration(state, state / "no-daemon")
        new = as_tree(cluster(2, "2000ms"))
        own.commit(new, own.next_head(new, own.check(new)), How.APPLY, WHO)
        assert load_configuration(state).condition is Condition.CLUSTER
        assert not load_configuration(state).problems
    with firmware(OLDER):
        found = load_configuration(state)
        assert found.condition is Condition.CLUSTER, "it has a configuration that it understands"
        assert found.cluster is not None
        assert found.cluster.vrrp.advertisement_interval == 200
        assert [problem for problem in found.problems if "written by a newer firmware (schema 2)" in problem]
        assert len(found.problems) == 2
        own = OwnConfiguration(state, state / "no-daemon")
        assert own.generations.head().generation == 1, "nothing has changed"
        old = as_tree(cluster(1, "3s"))
        own.commit(old, own.next_head(old, own.check(old)), How.APPLY, WHO)
        store(state / "node.toml", NODE, Kind.NODE, 0o640)
        assert not load_configuration(state).problems
        assert form_path(state / "node.toml", 2).read_text() == NODE_2, "the newer one is not lost"
    with firmware(NEWER):
        found = load_configuration(state)
        assert not found.problems
        assert found.cluster is not None
        assert found.cluster.vrrp.advertisement_interval == 300, "what was applied last counts"
        assert (state / "node.toml").read_text() == NODE, "and is not rewritten until it is applied again"
        records = OwnConfiguration(state, state / "no-daemon").generations.records()
        assert [record.head.generation for record in records] == [2, 1]


def test_what_the_older_form_lacks_is_told(state: Path):
    with firmware(NEWER):
        store(state / "node.toml", NODE_2.replace('"en"', '"de"'), Kind.NODE, 0o640)
    with firmware(OLDER):
        form = read_form(state / "node.toml")
        assert form is not None
        assert form.note.endswith("Left out is what this firmware does not know: language: de.")
        assert load_node(form.text).language == "en"


def test_a_form_of_another_text_is_used_and_told(state: Path):
    with firmware(NEWER):
        store(state / "node.toml", NODE_2, Kind.NODE, 0o640)
    (state / "node.toml").write_text(NODE_2 + "\n# by hand\n")
    with firmware(OLDER):
        form = read_form(state / "node.toml")
        assert form is not None
        assert "It was changed since that form was made" in form.note


def test_without_a_form_the_file_is_refused_with_its_reason(state: Path):
    (state / "node.toml").write_text(NODE_2)
    with firmware(OLDER):
        found = load_configuration(state)
    assert found.condition is Condition.REFUSED
    assert "schema: is 2, but this version of hadaemon reads only 1" in found.problems[0]


def test_today_there_is_one_format_and_nothing_lies_beside(state: Path):
    store(state / "node.toml", NODE, Kind.NODE, 0o640)
    own = OwnConfiguration(state, state / "no-daemon")
    new = as_tree(cluster(1, "2s"))
    own.commit(new, own.next_head(new, own.check(new)), How.APPLY, WHO)
    assert not list(state.rglob("*.schema-*"))


# Two nodes with two versions


class Wire:
    """The other node, which runs a firmware of its own."""

    def __init__(self, conversation: Conversation, known: Schemas) -> None:
        self._conversation = conversation
        self._known = known

    def ask(self, message: Message) -> Message:
        with firmware(self._known):
            return self._conversation.answer(message)


class Two:
    """alpha, and beta at the other end."""

    def __init__(self, folder: Path, alpha: Schemas, beta: Schemas, stack: contextlib.ExitStack) -> None:
        self.alpha_firmware, self.beta_firmware = alpha, beta
        self.alpha, self.beta = (
            OwnConfiguration(node(folder, name), folder / "no-daemon") for name in ("alpha", "beta")
        )
        self._conversation = Conversation(
            self.beta, folder, Hactl(folder, folder, folder / "no-daemon"), stack
        )

    def apply(self, here: OwnConfiguration, known: Schemas, text: str) -> None:
        with firmware(known):
            new = as_tree(text)
            here.commit(new, here.next_head(new, here.check(new)), How.APPLY, WHO)

    def synchronize(self, to_peer: bool) -> None:
        with firmware(self.alpha_firmware):
            peer = Peer(Wire(self._conversation, self.beta_firmware))  # type: ignore[arg-type]
            seen = compare(self.alpha, peer, to_peer, overwrite_newer=False)
            synchronize(self.alpha, peer, seen, WHO)

    def texts(self) -> tuple[str, str]:
        return tuple((each.state / CLUSTER).read_text() for each in (self.alpha, self.beta))  # type: ignore[return-value]


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as found:
        yield found


def test_the_newer_master_gives_what_the_older_spare_reads(tmp_path: Path, stack: contextlib.ExitStack):
    two = Two(tmp_path, NEWER, OLDER, stack)
    two.apply(two.alpha, NEWER, cluster(2, "2000ms"))
    two.synchronize(to_peer=True)
    alpha, beta = two.texts()
    assert alpha == beta, "equal nodes have equal digests"
    assert 'advertisement_interval = "2s"' in beta
    assert two.alpha.generations.head() == two.beta.generations.head()
    assert two.alpha.generations.head().generation == 2
    with firmware(OLDER):
        assert load_configuration(two.beta.state).condition is Condition.CLUSTER


def test_the_older_spare_takes_from_the_newer_master(tmp_path: Path, stack: contextlib.ExitStack):
    two = Two(tmp_path, OLDER, NEWER, stack)
    for each in (two.alpha, two.beta):  # beta is the master here, and the one at the other end.
        assert each.state.exists()
    text = cluster(2, "2000ms").replace('master = "alpha"', 'master = "beta"')
    two.apply(two.beta, NEWER, text)
    two.synchronize(to_peer=False)
    alpha, beta = two.texts()
    assert alpha == beta
    assert 'advertisement_interval = "2s"' in alpha


def test_what_the_older_one_does_not_know_waits_with_its_reason(tmp_path: Path, stack: contextlib.ExitStack):
    two = Two(tmp_path, NEWER, OLDER, stack)
    two.apply(two.alpha, NEWER, cluster(2, "1500ms"))
    with pytest.raises(SyncError, match="firmware of beta is older and does not know vrrp"):
        two.synchronize(to_peer=True)
    assert two.beta.generations.tree() is None, "nothing was changed"


def test_what_is_in_the_older_format_goes_as_it_is(tmp_path: Path, stack: contextlib.ExitStack):
    two = Two(tmp_path, OLDER, NEWER, stack)
    two.apply(two.alpha, OLDER, cluster(1, "2s"))
    two.synchronize(to_peer=True)
    assert two.texts() == (cluster(1, "2s"), cluster(1, "2s"))
    assert two.alpha.generations.head().generation == 1


@pytest.mark.parametrize("schema", ["2", True, 0, -1])
def test_a_peer_that_says_nonsense_of_its_format(tmp_path: Path, stack: contextlib.ExitStack, schema: object):
    two = Two(tmp_path, OLDER, OLDER, stack)
    answer = two._conversation.answer(Message({"verb": "hello", "protocol": [1, 1], "schema": schema}))
    assert "which format of the configuration" in str(answer.header["error"])
