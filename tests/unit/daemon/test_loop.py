"""The daemon's clock: a machine that was suspended has slept."""

import time

import pytest

from hadaemon.cluster import FrameReceived, Node, NodeState, PortChanged, Start
from hadaemon.daemon.engine import Engine
from hadaemon.daemon.loop import BootTimeLoop
from tests.unit.cluster.pair import ALPHA, PORTS, cluster_config, node_config, own_address


@pytest.fixture
def suspended(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the machine has been suspended for; what is put in counts from then on."""
    slept: list[float] = []
    real = time.clock_gettime

    def clock(number: int) -> float:
        return real(number) + (sum(slept) if number == time.CLOCK_BOOTTIME else 0.0)

    monkeypatch.setattr(time, "clock_gettime", clock)
    return slept


def test_an_active_node_that_was_suspended_listens_before_it_goes_on(suspended: list[float]) -> None:
    loop = BootTimeLoop()
    try:
        node = Node(node_config(ALPHA, PORTS[:1]), cluster_config(PORTS[:1]), loop.time())
        engine = Engine(node, (), lambda _: None, loop)
        engine.post(PortChanged("lan", True, True, own_address(ALPHA, "lan")))
        engine.post(Start())
        while node.state is not NodeState.ACTIVE:
            suspended.append(0.1)
            engine.post(FrameReceived("lan"))
        suspended.append(3600.0)
        engine.post(FrameReceived("lan"))
        assert node.state is NodeState.BACKUP
        assert "stood still for too long" in node.status(loop.time()).reason
        engine.close()
    finally:
        loop.close()


def test_a_deadline_that_passed_in_the_meantime_is_served_at_once(suspended: list[float]) -> None:
    loop = BootTimeLoop()
    try:
        done: list[str] = []
        loop.call_later(1800.0, done.append, "late")
        loop.call_later(1800.0, loop.stop)
        suspended.append(3600.0)
        loop.run_forever()
        assert done == ["late"]
    finally:
        loop.close()
