"""Keys of the hotwire: both nodes come to the same ones, and no packet is lost when they change."""

from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.config.hotwire_keys import Secret
from hadaemon.hotwire.keying import KEY_BYTES, Keying, Wanted, Way
from hadaemon.status.keys import Keys

SECRET, OTHER = Secret(b"s" * 32), Secret(b"o" * 32)
NAMES = ("alpha", "beta")


@dataclass(slots=True)
class Kernel:
    """What the kernel of one node has. It outlives the daemon."""

    inbound: set[Way] = field(default_factory=set)
    outbound: Way | None = None

    def put(self, wanted: Wanted) -> None:
        """As `hadaemon.io.programs.ip_xfrm` does."""
        if wanted.settled:
            self.inbound.clear()
        if wanted.inbound is not None:
            self.inbound.add(wanted.inbound)
        self.outbound = wanted.outbound or self.outbound


class Pair:
    """Two nodes; what one says arrives in order, later, or never."""

    def __init__(self) -> None:
        self.offers = 0
        self.kernels = (Kernel(), Kernel())
        self.keyings = [self.begin(0), self.begin(1)]
        self.said: tuple[deque[Keys], deque[Keys]] = (deque(), deque())
        """By each, and not heard yet."""

    def begin(self, who: int, secret: Secret = SECRET) -> Keying:
        return Keying(secret, NAMES[who], self.offer())

    def offer(self) -> str:
        self.offers += 1
        return f"{self.offers:032x}"

    def say(self, who: int) -> None:
        self.said[who].append(self.keyings[who].told)

    def hear(self, who: int) -> None:
        if self.said[1 - who]:
            self.keyings[who].hear(NAMES[1 - who], self.said[1 - who].popleft())

    def lose(self, who: int) -> None:
        if self.said[who]:
            self.said[who].popleft()

    def put(self, who: int) -> None:
        wanted = self.keyings[who].wanted
        self.kernels[who].put(wanted)
        self.keyings[who].installed(wanted)

    def restart(self, who: int) -> None:
        """The daemon; messages of its former life are not believed any more."""
        self.said[who].clear()
        self.keyings[who] = self.begin(who)

    def renew(self, who: int) -> None:
        self.keyings[who].renew(self.offer())

    def tell(self, who: int) -> None:
        """And it is heard at once."""
        self.said[who].clear()
        self.say(who)
        self.hear(1 - who)

    def step(self, verb: str, who: int) -> None:
        getattr(self, verb)(who)

    def talk(self) -> None:
        """Until nothing changes any more."""
        for _ in range(8):
            for who in (0, 1):
                self.said[who].clear()
                self.put(who)
                self.say(who)
                self.hear(1 - who)

    def check(self) -> None:
        """What either sends now is taken by the other one."""
        for one, other in (self.kernels, self.kernels[::-1]):
            assert one.outbound is None or one.outbound in other.inbound


def test_two_nodes_agree_and_forget_the_rest() -> None:
    pair = Pair()
    assert not any(each.agreed for each in pair.keyings)
    pair.talk()
    alpha, beta = pair.kernels
    assert {alpha.outbound} == beta.inbound
    assert {beta.outbound} == alpha.inbound
    assert alpha.outbound != beta.outbound
    assert all(each.agreed and each.settled for each in pair.keyings)


@settings(max_examples=500)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*["tell"] * 8, *["put"] * 5, "say", "hear", "lose", "restart", "renew"]),
            st.sampled_from([0, 1]),
        ),
        max_size=60,
    )
)
def test_no_packet_is_lost_whatever_happens_in_between(steps: list[tuple[str, int]]) -> None:
    pair = Pair()
    pair.talk()
    for verb, who in steps:
        pair.step(verb, who)
        pair.check()
    pair.talk()
    pair.check()
    assert all(each.settled for each in pair.keyings)
    assert all(len(each.inbound) == 1 for each in pair.kernels)


def test_old_keys_are_taken_until_nothing_is_sent_with_them() -> None:
    """alpha knows that beta is ready, and its kernel has not been told yet."""
    pair = Pair()
    pair.talk()
    pair.renew(0)
    for verb, who in (("put", 0), ("tell", 0), ("put", 1), ("tell", 1), ("tell", 0), ("put", 1)):
        pair.step(verb, who)
        pair.check()
    assert len(pair.kernels[1].inbound) == 2
    pair.put(0)
    pair.tell(0)
    pair.put(1)
    pair.check()
    assert len(pair.kernels[1].inbound) == 1


def test_a_box_that_has_lost_its_kernel_is_reached_again() -> None:
    pair = Pair()
    pair.talk()
    pair.kernels = (Kernel(), pair.kernels[1])
    pair.restart(0)
    pair.talk()
    pair.check()
    assert pair.kernels[0].outbound is not None


def test_no_key_is_used_twice() -> None:
    pair = Pair()
    seen: set[bytes] = set()
    numbers: set[int] = set()
    for who in (0, 1, 0, 1):
        pair.talk()
        for kernel in pair.kernels:
            assert kernel.outbound is not None
            assert len(kernel.outbound.key) == KEY_BYTES
            assert kernel.outbound.spi >> 31, "no reserved number, and known at sight as ours"
            assert kernel.outbound.key not in seen
            assert kernel.outbound.spi not in numbers
            seen.add(kernel.outbound.key)
            numbers.add(kernel.outbound.spi)
        pair.restart(who)


def test_two_that_drew_the_same_number_still_have_a_key_for_each_direction() -> None:
    alpha, beta = (Keying(SECRET, name, "00" * 16) for name in NAMES)
    alpha.hear("beta", beta.told)
    beta.hear("alpha", alpha.told)
    assert alpha.wanted.inbound != beta.wanted.inbound


def test_another_secret_gives_other_keys() -> None:
    pair = Pair()
    pair.talk()
    other = Pair()
    other.keyings = [other.begin(0, OTHER), other.begin(1, OTHER)]
    other.talk()
    assert pair.kernels[0].outbound != other.kernels[0].outbound
    mixed = Pair()
    mixed.keyings[1] = mixed.begin(1, OTHER)
    mixed.talk()
    assert mixed.kernels[0].outbound is None, "whoever does not have the secret never becomes ready"


@pytest.mark.parametrize("keys", [Keys(), Keys(key_ready="00", key_uses="00")])
def test_a_node_that_offers_nothing_changes_nothing(keys: Keys) -> None:
    keying = Keying(SECRET, "alpha", "00" * 16)
    assert keying.hear("beta", keys)
    assert not keying.hear("beta", keys), "the same again is no news"
    assert not keying.peer_protects
    assert keying.wanted == Wanted()


def test_one_does_not_agree_with_itself() -> None:
    """Its own words, on a cable that is a loop."""
    keying = Keying(SECRET, "alpha", "00" * 16)
    keying.hear("alpha", Keys("11" * 16))
    assert keying.wanted == Wanted()


def test_a_key_is_not_printed() -> None:
    pair = Pair()
    pair.talk()
    way = pair.kernels[0].outbound
    assert way is not None
    assert way.key.hex() not in repr(way)
    assert repr(way.key) not in repr(pair.keyings[0].wanted)
