"""docs/election.md is the truth table: every row is played in the simulated world."""

import itertools
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hadaemon.cluster import MaintenanceRequested, NodeState, ResumeRequested, SwitchRequested
from hadaemon.cluster.proofs import DOUBT
from hadaemon.config import Check, CountsOn, PingGroup
from hadaemon.config.check_model import Present
from hadaemon.config.follow_model import Service
from tests.unit.cluster.pair import ALPHA, BETA, PORTS, cluster_config
from tests.unit.cluster.world import NODES, World

PAGE = (Path(__file__).parents[3] / "docs" / "election.md").read_text(encoding="utf-8")
MODES = {"vrrp": False, "witness": True}
FLAPS = 4
"""More changes than any other row has."""
GATEWAYS = PingGroup("gateways", (IPv4Address("192.0.2.100"), IPv4Address("192.0.2.101")))

INTERNET = PingGroup(
    "internet", (IPv4Address("9.9.9.9"),), interval=0.1, timeout=0.05, counts_on=CountsOn.ACTIVE
)


WEB = Service("web.service", counts=True)
MAIL = Check("mail", Present("/run/mail"))


def table_after(marker: str) -> list[list[str]]:
    """The cells of the first table after a comment, without its head."""
    rest = PAGE[PAGE.index(f"<!-- {marker}: this table is read by the tests. -->") :]
    lines = rest[rest.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[2:]]


LINKS = {tuple(row[:4]): row[4:] for row in table_after("The links")}
EVENTS = table_after("The events")


def settle(world: World) -> None:
    world.run(world.patience_left + 3 * world.longest_silence + 0.2)


def states(world: World) -> list[str]:
    """As the page has them; a node that does not run is `off`."""
    told = [str(world.state(name) or NodeState.OFF) for name in NODES]
    assert world.answering() == [name for name, state in zip(NODES, told, strict=True) if state == "active"]
    return told


def make_owned(mode: str, preempt: bool) -> World:
    """UTM 1 is the address owner, which has one HA interface."""
    priorities = {ALPHA: 255, BETA: 100}
    return World(
        cluster_config(PORTS[:1], interval=10, preempt=preempt, witness=MODES[mode], priorities=priorities)
    )


def make(mode: str, preempt: bool, ports: tuple[str, ...] = PORTS[:2], interval: int = 10) -> World:
    config = cluster_config(
        ports,
        interval=interval,
        preempt=preempt,
        witness=MODES[mode],
        ping_groups=(GATEWAYS, INTERNET),
        checks=(MAIL,),
        services=(WEB,),
        flap_switches=2 * FLAPS,
    )
    return World(config)


# links

HISTORIES = [
    ("before the start", True),
    ("before the start", False),
    ("together", True),
    ("together", False),
    ("one after another", True),
]


def pair_with_links(world: World, row: tuple[str, ...], history: str) -> World:
    """UTM 1 is alpha, UTM 2 is beta; the links of the row fail at the time that the history says."""
    places = [(name, port) for port in world.ports for name in NODES]
    links = {place: link == "up" for place, link in zip(places, row, strict=True)}
    if history == "before the start":
        world.network.carrier.update(links)
    for name in NODES:
        world.boot(name)
        settle(world)
    for (name, port), link in links.items():
        world.plug(name, port, link)
        if history == "one after another":
            settle(world)
        else:
            world.run(0.0005)
    settle(world)
    return world


def test_there_is_a_row_for_every_combination_of_links():
    assert set(LINKS) == set(itertools.product(("up", "down"), repeat=4))


SOURCE = {
    ("up", "up", "up", "up"): ["active", "backup"],
    ("down", "up", "up", "up"): ["backup", "active"],
    ("down", "down", "up", "up"): ["active", "backup"],
    ("down", "down", "up", "down"): ["active", "active"],
    ("down", "down", "down", "down"): ["active", "active"],
}
"""The five rows that mode `vrrp` has to have, to the letter."""


def test_mode_vrrp_has_the_five_rows():
    assert {row: LINKS[row][:2] for row in SOURCE} == SOURCE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("history, preempt", HISTORIES)
@pytest.mark.parametrize("row", LINKS, ids="-".join)
def test_who_is_active_with_these_links(row, history, preempt, mode):
    expected = LINKS[row][:2] if mode == "vrrp" else LINKS[row][2:]
    assert states(pair_with_links(make(mode, preempt), row, history)) == expected


@pytest.mark.parametrize("row", SOURCE, ids="-".join)
def test_the_five_rows_hold_at_the_default_interval_too(row):
    assert states(pair_with_links(make("vrrp", True, interval=100), row, "together")) == SOURCE[row]


def rule(row: tuple[str, ...], mode: str) -> list[str]:
    """For any number of interfaces: the most links, then the master, as long as they see each other."""
    pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
    if mode == "vrrp" and ("up", "up") not in pairs:
        return ["active", "active"]
    alpha, beta = ([link for link, _ in pairs].count("up"), [link for _, link in pairs].count("up"))
    return ["active", "backup"] if alpha >= beta else ["backup", "active"]


@pytest.mark.parametrize("mode", MODES)
def test_the_rows_follow_from_the_rule_for_any_number_of_interfaces(mode):
    for row, told in LINKS.items():
        assert (told[:2] if mode == "vrrp" else told[2:]) == rule(row, mode), row


@pytest.mark.parametrize("mode", MODES)
def test_the_rule_holds_with_three_interfaces(mode):
    for row in itertools.product(("up", "down"), repeat=6):
        world = pair_with_links(make(mode, True, PORTS), row, "together")
        assert states(world) == rule(row, mode), row


@pytest.mark.parametrize("mode", MODES)
def test_without_preemption_a_switch_that_dies_for_one_node_after_the_other_leaves_the_spare_active(mode):
    """Equal health in the end, and preference does not count: who has taken over stays."""
    world = pair_with_links(make(mode, False), ("down", "down", "up", "up"), "one after another")
    assert states(world) == ["backup", "active"]


# events


def restart(world: World, how: str, name: str = ALPHA) -> None:
    getattr(world, how)(name)
    settle(world)
    world.boot(name)


def cut_all(world: World) -> None:
    for port in world.ports:
        world.switch(port, works=False)


def plug_all(world: World, name: str, carrier: bool) -> None:
    for port in world.ports:
        world.plug(name, port, carrier)


def after(world: World, *steps) -> None:
    for step in steps:
        step(world)
        settle(world)


def plug_into_blocked_port(world: World) -> None:
    """The spare has taken over. The link of the master comes back, and nothing passes its switch port."""
    world.plug(ALPHA, "wan", carrier=False)
    settle(world)
    world.block(ALPHA, "wan", blocked=True)
    world.plug(ALPHA, "wan", carrier=True)


def boot_behind_blocked_ports(world: World) -> None:
    world.kill(ALPHA)
    settle(world)
    for port in world.ports:
        world.block(ALPHA, port, blocked=True)
    world.boot(ALPHA)


def unblock(world: World) -> None:
    for port in world.ports:
        world.block(ALPHA, port, blocked=False)


def one_card_each(world: World) -> None:
    world.tear_out(BETA, "wan")
    settle(world)
    world.tear_out(ALPHA, "lan")


def flap(world: World) -> None:
    """Longer than it takes to be counted: with preemption it moves the pair each time."""
    for _ in range(FLAPS):
        for carrier in (False, True):
            world.plug(ALPHA, "lan", carrier)
            settle(world)


def switch_to(name: str):
    """On the active node, which hands over to `name`."""
    return lambda world: world.ask(BETA if name == ALPHA else ALPHA, SwitchRequested())


def lose_internet(world: World) -> None:
    world.ping(ALPHA, "internet", answered=False)


def lose_service(world: World) -> None:
    world.service(ALPHA, well=False)


OWNED = {
    "UTM 1 is the address owner (255), and its only cable is lost": lambda world: plug_all(
        world, ALPHA, carrier=False
    ),
    "… and is plugged in again": lambda world: after(
        world,
        lambda world: plug_all(world, ALPHA, carrier=False),
        lambda world: plug_all(world, ALPHA, carrier=True),
    ),
}

SCENARIOS = {
    "nothing": lambda world: None,
    "the switch of one HA interface dies, and takes the links of both nodes": lambda world: [
        world.plug(name, "lan", carrier=False) for name in NODES
    ],
    "the switch of one HA interface lets nothing through, its links stay up": lambda world: world.switch(
        "lan", works=False
    ),
    "all switches let nothing through, all links stay up": cut_all,
    "… and work again": lambda world: after(
        world, cut_all, lambda world: [world.switch(port, works=True) for port in world.ports]
    ),
    "a link of UTM 1 is lost": lambda world: world.plug(ALPHA, "wan", carrier=False),
    "… and comes back": lambda world: after(
        world,
        lambda world: world.plug(ALPHA, "wan", carrier=False),
        lambda world: world.plug(ALPHA, "wan", carrier=True),
    ),
    "a link of UTM 1 is lost, and comes back to a switch port that still blocks": plug_into_blocked_port,
    "… which lets through after a while": lambda world: after(world, plug_into_blocked_port, unblock),
    "… which blocks for longer than 40 s": lambda world: after(
        world, plug_into_blocked_port, lambda world: world.run(DOUBT)
    ),
    "UTM 1 is booted, and its switch ports still block": boot_behind_blocked_ports,
    "… and let through after a while": lambda world: after(world, boot_behind_blocked_ports, unblock),
    "a ping group fails on UTM 1": lambda world: world.ping(ALPHA, "gateways", answered=False),
    "… and then on UTM 2 too": lambda world: after(
        world,
        lambda world: world.ping(ALPHA, "gateways", answered=False),
        lambda world: world.ping(BETA, "gateways", answered=False),
    ),
    "a link of UTM 1 is lost, then a ping group fails on UTM 2": lambda world: after(
        world,
        lambda world: world.plug(ALPHA, "wan", carrier=False),
        lambda world: world.ping(BETA, "gateways", answered=False),
    ),
    "a ping group that counts on the active node alone fails on UTM 1": lambda world: after(
        world, lose_internet
    ),
    "… and would answer it again": lambda world: after(
        world, lose_internet, lambda world: world.ping(ALPHA, "internet", answered=True)
    ),
    "… and `hactl resume` on UTM 1": lambda world: after(
        world,
        lose_internet,
        lambda world: world.ping(ALPHA, "internet", answered=True),
        lambda world: world.ask(ALPHA, ResumeRequested()),
    ),
    "a ping group that counts on the active node alone fails on UTM 1, and then on UTM 2 too": (
        lambda world: after(world, lose_internet, lambda world: world.ping(BETA, "internet", answered=False))
    ),
    "a check fails on UTM 1": lambda world: world.check(ALPHA, good=False),
    "a check fails on UTM 1, and is good again": lambda world: after(
        world, lambda world: world.check(ALPHA, good=False), lambda world: world.check(ALPHA, good=True)
    ),
    "a check fails on UTM 1, then a ping group fails on UTM 2": lambda world: after(
        world,
        lambda world: world.check(ALPHA, good=False),
        lambda world: world.ping(BETA, "gateways", answered=False),
    ),
    "a check fails on UTM 1, then a link of UTM 2 is lost": lambda world: after(
        world,
        lambda world: world.check(ALPHA, good=False),
        lambda world: world.plug(BETA, "wan", carrier=False),
    ),
    "a service that counts fails on UTM 1": lambda world: after(world, lose_service),
    "a service that counts fails on UTM 1, would run again, and `hactl resume` on UTM 1": lambda world: after(
        world,
        lose_service,
        lambda world: world.service(ALPHA, well=True),
        lambda world: world.ask(ALPHA, ResumeRequested()),
    ),
    "a service that counts fails on UTM 1, and then on UTM 2 too": lambda world: after(
        world, lose_service, lambda world: world.service(BETA, well=False)
    ),
    "the daemon of UTM 1 is restarted": lambda world: restart(world, "stop"),
    "the daemon of UTM 1 crashes and starts again": lambda world: restart(world, "crash"),
    "UTM 1 loses its power": lambda world: world.kill(ALPHA),
    "… and gets it back": lambda world: restart(world, "kill"),
    "UTM 1 stands still, and wakes late": lambda world: world.sleep(ALPHA, 2 * world.longest_silence),
    "`hactl switch` on UTM 1": switch_to(BETA),
    "`hactl switch` on UTM 1, then UTM 2 is restarted": lambda world: after(
        world, switch_to(BETA), lambda world: restart(world, "stop", BETA)
    ),
    "`hactl switch` on UTM 1, then UTM 2 loses a link for a while": lambda world: after(
        world,
        switch_to(BETA),
        lambda world: world.plug(BETA, "wan", carrier=False),
        lambda world: world.plug(BETA, "wan", carrier=True),
    ),
    "`hactl switch` on UTM 1, and later on UTM 2": lambda world: after(
        world, switch_to(BETA), switch_to(ALPHA)
    ),
    "`hactl switch` on UTM 1, whose peer has lost a link": lambda world: after(
        world, lambda world: world.plug(BETA, "wan", carrier=False), switch_to(BETA)
    ),
    "`hactl maintenance on` on UTM 1": lambda world: world.ask(ALPHA, MaintenanceRequested(on=True)),
    "… and UTM 1 is restarted": lambda world: after(
        world,
        lambda world: world.ask(ALPHA, MaintenanceRequested(on=True)),
        lambda world: restart(world, "kill"),
    ),
    "… and off again": lambda world: after(
        world,
        lambda world: world.ask(ALPHA, MaintenanceRequested(on=True)),
        lambda world: world.ask(ALPHA, MaintenanceRequested(on=False)),
    ),
    "the hotwire is pulled": lambda world: world.hotwire_cable(whole=False),
    "… and all switches let nothing through": lambda world: after(
        world, lambda world: world.hotwire_cable(whole=False), cut_all
    ),
    "… and the hotwire is whole again": lambda world: after(
        world,
        lambda world: world.hotwire_cable(whole=False),
        cut_all,
        lambda world: world.hotwire_cable(whole=True),
    ),
    "the configuration of both is read again": lambda world: [world.reload(name) for name in NODES],
    "a network card of UTM 2 is gone, then the other one of UTM 1": one_card_each,
    "… and the configuration of both is read again": lambda world: after(
        world, one_card_each, lambda world: [world.reload(name) for name in NODES]
    ),
    "a link of UTM 1 comes and goes until both are suspended, and stays away": lambda world: after(
        world, flap, lambda world: world.plug(ALPHA, "lan", carrier=False)
    ),
    "what UTM 2 says gets lost on the hotwire, then all links of UTM 1": lambda world: after(
        world,
        lambda world: world.hotwire_one_way(BETA),
        lambda world: plug_all(world, ALPHA, carrier=False),
    ),
    "all links of UTM 1 are lost, the hotwire is whole": lambda world: plug_all(world, ALPHA, carrier=False),
} | OWNED
"""By the words of the page; "…" goes on from the row before it."""


def test_every_event_of_the_page_is_known_here_and_the_other_way_round():
    assert {row[0] for row in EVENTS} == set(SCENARIOS)


def preempts(cell: str) -> list[bool]:
    return {"any": [True, False], "true": [True], "false": [False]}[cell]


CASES = [
    (row[0], preempt, mode, row[2:4] if mode == "vrrp" else row[4:6])
    for row in EVENTS
    for preempt in preempts(row[1])
    for mode in MODES
]


@pytest.mark.parametrize("what, preempt, mode, expected", CASES)
def test_who_is_active_after_this(what, preempt, mode, expected):
    world = (make_owned if what in OWNED else make)(mode, preempt)
    for name in NODES:
        world.boot(name)
        settle(world)
    assert states(world) == ["active", "backup"]
    SCENARIOS[what](world)
    settle(world)
    settle(world)
    assert states(world) == expected
