"""The transition matrix: every state and phase of a node, and what every event makes of it at once."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from hadaemon.cluster import (
    ActionFailed,
    AdvertisementDiscarded,
    Announce,
    CheckResult,
    ConnectionsReported,
    FrameReceived,
    GuardActed,
    HotwireChanged,
    MaintenanceRequested,
    NodeState,
    Peer,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    PingResult,
    ResumeRequested,
    RouteChanged,
    ServiceSeen,
    Start,
    Stop,
    SwitchRequested,
    Tick,
    UpgradeReported,
)
from hadaemon.cluster.events import Event
from hadaemon.cluster.memory import Memory
from hadaemon.config import TrackedRoute
from hadaemon.vrrp import DiscardReason
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address

PEER = Peer(
    name=BETA,
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
ACTIVE_PEER = replace(PEER, state=NodeState.ACTIVE)
SWITCHED_TO = {"preferred": True, "epoch": 1, "switched": True}
"""What a planned switch makes of the peer: the better one, as this node learns from it."""


def fresh(**options) -> Driver:
    return Driver(ALPHA, witness=True, **options)


def off() -> Driver:
    driver = fresh(start=False)
    for port in driver.ports:
        driver.link(port)
    return driver


def active() -> Driver:
    driver = fresh().become_active()
    driver.now += 0.6
    return driver


def releasing() -> Driver:
    driver = active()
    driver.do(SwitchRequested())
    return driver


def backup() -> Driver:
    driver = maintenance()
    driver.do(MaintenanceRequested(on=False))
    return driver


def lingering() -> Driver:
    driver = releasing()
    driver.hear(253, after=0.05)
    return driver


def claiming() -> Driver:
    driver = fresh()
    driver.hear(253, after=0.1)
    driver.do(PeerReport(ACTIVE_PEER))
    driver.do(SwitchRequested())
    return driver


def tied() -> Driver:
    driver = fresh(master="neither").become_active()
    driver.now += 0.6
    driver.hear(253, "wan")
    return driver


def fault() -> Driver:
    driver = fresh(start=False)
    driver.do(Start())
    return driver


def maintenance() -> Driver:
    driver = off()
    driver.do(Start(memory=Memory(maintenance=True)))
    return driver


STATES = {
    "off": off,
    "backup": backup,
    "backup/starting": fresh,
    "backup/lingering": lingering,
    "backup/claiming": claiming,
    "active": active,
    "active/tied": tied,
    "active/releasing": releasing,
    "fault": fault,
    "maintenance": maintenance,
}


def feed(event: Event):
    return lambda driver: driver.do(event)


def lose_all_cards(driver: Driver) -> None:
    for port in driver.ports:
        driver.link(port, present=False)


def plug_all(driver: Driver) -> None:
    for port in driver.ports:
        driver.link(port)


EVENTS = {
    "Start": feed(Start()),
    "Start, was active": feed(Start(active=True)),
    "Stop": feed(Stop("shutdown")),
    "Tick": feed(Tick()),
    "PortChanged: a link lost": lambda driver: driver.link("lan", carrier=False),
    "PortChanged: all cards there": plug_all,
    "PortChanged: all cards gone": lose_all_cards,
    "AdvertisementReceived: better": lambda driver: driver.hear(255),
    "AdvertisementReceived: worse": lambda driver: driver.hear(100),
    "AdvertisementReceived: release": lambda driver: driver.hear(0),
    "AdvertisementDiscarded": feed(
        AdvertisementDiscarded("lan", own_address(BETA, "lan"), DiscardReason.TTL)
    ),
    "FrameReceived": feed(FrameReceived("lan")),
    "GuardActed": feed(GuardActed()),
    "ActionFailed": feed(ActionFailed(Announce("lan", ()), "no buffer")),
    "PingResult": feed(PingResult("none", IPv4Address("192.0.2.1"), False)),
    "RouteChanged": feed(RouteChanged(TrackedRoute(IPv4Network("0.0.0.0/0"), None, 30.0), False)),
    "CheckResult": feed(CheckResult("none", False, "it is stuck")),
    "ServiceSeen": feed(ServiceSeen("none.service", False)),
    "ConnectionsReported": feed(ConnectionsReported("some are missing")),
    "PeerReport: active, better": feed(PeerReport(replace(ACTIVE_PEER, **SWITCHED_TO))),
    "PeerReport: active, worse": feed(PeerReport(replace(ACTIVE_PEER, links_down=2))),
    "PeerReport: active, hands over": feed(PeerReport(replace(ACTIVE_PEER, releasing=True))),
    "PeerReport: backup, worse": feed(PeerReport(replace(PEER, links_down=2))),
    "PeerReport: backup, asks": feed(PeerReport(replace(PEER, **SWITCHED_TO, claims=True))),
    "PeerReport: silent": feed(PeerReport(None)),
    "PeerGoodbye": feed(PeerGoodbye("shutdown")),
    "PeerDied": feed(PeerDied()),
    "HotwireChanged": feed(HotwireChanged(False)),
    "SwitchRequested": feed(SwitchRequested()),
    "MaintenanceRequested: on": feed(MaintenanceRequested(on=True)),
    "MaintenanceRequested: on, forced": feed(MaintenanceRequested(on=True, forced=True)),
    "MaintenanceRequested: off": feed(MaintenanceRequested(on=False)),
    "ResumeRequested": feed(ResumeRequested()),
    "UpgradeReported: frozen": feed(UpgradeReported(frozen=True)),
    "UpgradeReported: restarting": feed(UpgradeReported(frozen=True, restarting="about to restart")),
}

SHORT = {
    "off": "off",
    "bak": "backup",
    "str": "backup/starting",
    "lin": "backup/lingering",
    "cla": "backup/claiming",
    "act": "active",
    "tie": "active/tied",
    "rel": "active/releasing",
    "flt": "fault",
    "mnt": "maintenance",
}

MATRIX = """
                                 | off | bak | str | lin | cla | act | tie | rel | flt | mnt
Start                            | str | .   | .   | .   | .   | .   | .   | .   | .   | .
Start, was active                | act | .   | .   | .   | .   | .   | .   | .   | .   | .
Stop                             | .   | off | off | off | off | off | off | off | off | off
Tick                             | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
PortChanged: a link lost         | .   | .   | .   | .   | .   | .   | .   | .   | bak | .
PortChanged: all cards there     | .   | .   | .   | .   | .   | .   | .   | .   | bak | .
PortChanged: all cards gone      | .   | flt | flt | flt | flt | flt | flt | flt | .   | .
AdvertisementReceived: better    | .   | .   | bak | .   | .   | bak | bak | lin | .   | .
AdvertisementReceived: worse     | .   | .   | bak | .   | .   | .   | act | act | .   | .
AdvertisementReceived: release   | .   | .   | .   | .   | .   | .   | act | .   | .   | .
AdvertisementDiscarded           | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
FrameReceived                    | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
GuardActed                       | .   | .   | .   | bak | .   | bak | bak | bak | .   | .
ActionFailed                     | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
PingResult                       | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
RouteChanged                     | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
CheckResult                      | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
ServiceSeen                      | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
ConnectionsReported              | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
PeerReport: active, better       | .   | .   | bak | .   | .   | bak | bak | lin | .   | .
PeerReport: active, worse        | .   | .   | bak | .   | .   | .   | .   | act | .   | .
PeerReport: active, hands over   | .   | act | act | act | act | .   | .   | .   | .   | .
PeerReport: backup, worse        | .   | .   | act | .   | .   | .   | .   | .   | .   | .
PeerReport: backup, asks         | .   | .   | .   | .   | .   | rel | .   | .   | .   | .
PeerReport: silent               | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
PeerGoodbye                      | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
PeerDied                         | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
HotwireChanged                   | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
SwitchRequested                  | .   | .   | .   | act | .   | rel | rel | .   | .   | .
MaintenanceRequested: on         | .   | mnt | mnt | mnt | .   | rel | rel | .   | mnt | .
MaintenanceRequested: on, forced | .   | mnt | mnt | mnt | .   | rel | rel | .   | mnt | .
MaintenanceRequested: off        | .   | .   | .   | .   | .   | .   | .   | .   | .   | bak
ResumeRequested                  | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
UpgradeReported: frozen          | .   | .   | .   | .   | .   | .   | .   | .   | .   | .
UpgradeReported: restarting      | .   | mnt | mnt | mnt | mnt | .   | .   | .   | mnt | .
"""


def told(driver: Driver) -> str:
    status = driver.node.status(driver.now)
    return status.state if status.phase is None else f"{status.state}/{status.phase}"


def read_matrix() -> dict[tuple[str, str], str]:
    head, *rows = [
        [cell.strip() for cell in line.split("|")] for line in MATRIX.strip().splitlines() if "|" in line
    ]
    return {
        (SHORT[column], row[0]): SHORT[column if cell == "." else cell]
        for row in rows
        for column, cell in zip(head[1:], row[1:], strict=True)
    }


def test_the_matrix_is_whole():
    assert set(read_matrix()) == {(state, event) for state in STATES for event in EVENTS}


@pytest.mark.parametrize("state", STATES)
def test_the_states_are_what_they_are_called(state):
    assert told(STATES[state]()) == state


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_what_an_event_makes_of_a_state(state, event):
    driver = STATES[state]()
    EVENTS[event](driver)
    assert told(driver) == read_matrix()[state, event]
    states = {interface.state for interface in driver.node.status(driver.now).interfaces}
    assert len(states) == 1, "the virtual routers are never in different states"
    has_addresses = any(driver.node.desired_addresses().values())
    assert (driver.node.silent_at is not None) is has_addresses, "its guard knows when it has addresses"
    assert driver.node.silent_at is None or driver.node.silent_at > driver.now, "and lets it have its time"
    due = driver.node.next_deadline
    driver.do(Tick())
    assert due is None or driver.node.next_deadline != due or due > driver.now, "the loop would spin"


def test_every_kind_of_event_is_in_the_matrix():
    kinds = {kind.__name__ for kind in Event.__args__}
    assert {event.split(":")[0].split(",")[0] for event in EVENTS} == kinds
