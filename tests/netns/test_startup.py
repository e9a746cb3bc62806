"""A node that boots into a running pair."""

from .pair import ACTIVE_DOWN, INTERVAL, OWN, PORTS, Pair
from .waiting import wait_for


def test_a_node_whose_ports_come_up_after_its_daemon_disturbs_nobody(pair: Pair) -> None:
    """At a boot the network service brings the ports up beside the daemon: until then it sees nobody."""
    alpha, beta = pair.nodes
    for node in pair.nodes:
        node.configure()
    alpha.start()
    pair.wait_holder(alpha)
    for port in PORTS:
        beta.pull(port)
    lan = pair.capture("lan")

    def wait_for_adverts_of_alpha() -> None:
        wanted = len(lan.adverts(OWN["alpha"]["lan"])) + 3 * int(ACTIVE_DOWN / INTERVAL)
        wait_for("alpha goes on", lambda: len(lan.adverts(OWN["alpha"]["lan"])) >= wanted, within=5)

    beta.start()
    beta.wait_state("backup")
    wait_for_adverts_of_alpha()
    assert beta.state() == "backup"
    for port in PORTS:
        beta.plug(port)
    wait_for_adverts_of_alpha()
    assert (alpha.state(), beta.state()) == ("active", "backup")
    assert not lan.adverts(OWN["beta"]["lan"])
    assert "-> active" not in beta.log.read_text()
