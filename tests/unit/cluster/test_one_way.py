"""A hotwire that passes one way only: told, and nobody waits for ever for an answer that cannot come."""

from dataclasses import replace

from hadaemon.cluster import NodeState, PeerReport
from hadaemon.cluster.election import TIE_PATIENCE
from hadaemon.cluster.phases import ANSWER_PATIENCE
from hadaemon.cluster.witness import Witness
from tests.unit.cluster.pair import ALPHA, BETA, GAMMA, Driver, own_address
from tests.unit.cluster.test_transitions import PEER

ACTIVE_ALPHA = replace(PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True)


def problems(driver: Driver) -> list[str]:
    return [each for each in driver.problems if "one way" in each]


def test_a_node_says_whether_it_hears_the_other_one():
    driver = Driver(BETA, witness=True)
    assert driver.node.as_peer().deaf
    driver.do(PeerReport(ACTIVE_ALPHA))
    assert not driver.node.as_peer().deaf
    driver.do(PeerReport(None))
    assert driver.node.as_peer().deaf


def test_it_is_a_problem_on_the_side_that_hears_once_the_start_is_over():
    driver = Driver(BETA, witness=True)
    deaf = PeerReport(replace(ACTIVE_ALPHA, deaf=True))
    driver.do(deaf)
    assert problems(driver) == []
    driver.do(deaf, after=2.0)
    (problem,) = problems(driver)
    assert problem.startswith("the hotwire passes one way only: alpha does not hear this node")
    driver.do(PeerReport(ACTIVE_ALPHA))
    assert problems(driver) == []


def test_preference_moves_nothing_meanwhile():
    driver = Driver(ALPHA, witness=True)
    for _ in range(10):
        driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE, deaf=True)), after=0.5)
        driver.hear(253, "lan")
        driver.hear(253, "wan")
    assert driver.node.state is NodeState.BACKUP
    assert not driver.node.as_peer().claims


def test_a_healthier_node_takes_over_from_one_that_does_not_hear_it():
    """It has lost its links: nobody reaches it."""
    driver = Driver(BETA, witness=True)
    dead = PeerReport(replace(ACTIVE_ALPHA, deaf=True, links_down=2))
    while not driver.node.as_peer().claims:
        driver.do(dead, after=0.1)
        assert driver.node.state is NodeState.BACKUP
        assert driver.now < 1010.0, "it never asks"
    driver.run(ANSWER_PATIENCE)
    assert driver.node.state is NodeState.ACTIVE
    for _ in range(20):
        driver.do(dead, after=0.1)
    assert driver.node.state is NodeState.ACTIVE


def test_an_equally_healthy_node_takes_nothing_without_an_answer():
    """Where no advertisement is heard, two would answer for the addresses, and neither would learn of it."""
    driver = Driver(ALPHA, witness=True)
    for _ in range(100):
        driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE)), after=0.1)
        assert driver.node.state is NodeState.BACKUP


def test_the_names_break_no_tie_that_only_one_node_could_break_by_them():
    """The deaf one goes by the addresses: alpha has the greater one on the only interface that is heard."""
    driver = Driver(BETA, witness=True, master="neither").become_active()
    driver.do(PeerReport(replace(ACTIVE_ALPHA, preferred=False, deaf=True)), after=0.6)
    assert driver.node.state is NodeState.ACTIVE
    driver.hear(253, "wan")
    driver.run(TIE_PATIENCE)
    assert driver.node.state is NodeState.BACKUP


def test_a_node_whose_name_comes_first_does_not_yield_to_a_deaf_one():
    """Which yields by its address: both would, and nobody served."""
    driver = Driver(ALPHA, witness=True, master="neither").become_active()
    driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE, deaf=True)), after=0.6)
    driver.run(1.0)
    assert driver.node.state is NodeState.ACTIVE


def test_the_names_break_a_tie_that_both_can_break_by_them():
    """Whatever the addresses: alpha has the greater one there."""
    driver = Driver(BETA, witness=True, master="neither").become_active()
    driver.do(PeerReport(replace(ACTIVE_ALPHA, preferred=False)), after=0.6)
    driver.hear(253, "wan")
    driver.run(2 * TIE_PATIENCE)
    assert driver.node.state is NodeState.ACTIVE


def test_the_earlier_name_gives_way_as_soon_as_it_hears_the_other_one():
    driver = Driver(ALPHA, witness=True, master="neither").become_active()
    driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE)), after=0.01)
    assert driver.node.state is NodeState.ACTIVE
    driver.hear(253, "wan")
    assert driver.node.state is NodeState.BACKUP


def test_a_hotwire_that_never_had_a_link_has_not_lost_it():
    witness = Witness()
    witness.note_carrier(carrier=False, now=5.0)
    assert witness.cut_at is None
    witness.note_carrier(carrier=True, now=6.0)
    witness.note_carrier(carrier=False, now=7.0)
    assert witness.cut_at == 7.0


def test_a_router_that_is_not_the_peer_is_weighed_by_its_address_after_a_moment():
    """The peer may say in a moment that it is active: then the names decide."""
    driver = Driver(ALPHA, witness=True, master="neither").become_active()
    driver.do(PeerReport(PEER), after=0.6)
    driver.hear(253, "lan", source=own_address(GAMMA, "lan"))
    assert driver.node.state is NodeState.ACTIVE
    driver.run(TIE_PATIENCE)
    assert driver.node.state is NodeState.BACKUP
