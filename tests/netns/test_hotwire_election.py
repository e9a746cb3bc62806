"""Who is active, with the hotwire as the witness: every rule of the election, between real daemons.

Where a rule says "at once", the advertisements are so far apart that waiting for three missed ones would take
longer than the test allows.
"""

import signal
import time

from scapy.layers.inet import UDP
from scapy.packet import Packet

from hadaemon.hotwire.exclusive import HEARTBEAT_PORT
from hadaemon.hotwire.heartbeat import Heartbeat
from hadaemon.hotwire.message import Kind, Life

from .capture import Capture
from .hotwire import HOTWIRE_MAC, HOTWIRE_OWN, SECRET, HotwireNode, HotwirePair, forged_report
from .namespaces import Namespaces
from .pair import ACTIVE_DOWN, PORTS
from .waiting import stretched, wait_for

SOON = 5.0
"""Seconds: less than two of the slow advertisement intervals."""
SETTLED = 3 * ACTIVE_DOWN
"""Seconds in which whatever is going to happen has happened."""


def slow_pair(wired: HotwirePair) -> None:
    """A running pair that advertises so rarely that three missed advertisements are far off."""
    wired.start()
    wired.slow()
    for node in wired.hot_nodes:
        node.configure()
        assert node.ask("reload")["changed"]
    wired.wait_up()
    wait_for("beta hears alpha", lambda: wired.beta.status()["status"]["peer"], within=10)
    assert wired.states() == ("active", "backup")


def stays(wired: HotwirePair, states: tuple[str, str], seconds: float = SETTLED) -> None:
    """Nothing moves for a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = wired.states()
        assert found == states, "\n".join(node.log.read_text() for node in wired.hot_nodes)
        time.sleep(0.02)


def settles(wired: HotwirePair, within: float = 10.0) -> str:
    """Exactly one holds the addresses, and goes on to; returns its name."""
    wait_for("one holder", lambda: len(wired.holders()) == 1, within)

    def for_a_while() -> bool:
        first = wired.holders()
        deadline = time.monotonic() + stretched(SETTLED)
        while time.monotonic() < deadline:
            if wired.holders() != first:
                return False
            time.sleep(0.02)
        return len(first) == 1

    wait_for("one holder for a while", for_a_while, within)
    return wired.holders()[0]


def moves(node: HotwireNode) -> int:
    """How often the node has changed its state."""
    return node.log.read_text().count(" -> ")


def test_a_killed_daemon_is_replaced_at_once(wired: HotwirePair) -> None:
    slow_pair(wired)
    wired.alpha.kill()
    wired.beta.wait_state("active", within=SOON)
    assert "alpha is gone: its daemon died" in wired.beta.log.read_text()
    wired.wait_holder(wired.beta)


def test_a_restarted_daemon_is_believed_again(wired: HotwirePair) -> None:
    slow_pair(wired)
    wired.alpha.kill()
    wired.beta.wait_state("active", within=SOON)
    wired.alpha.start()
    wired.wait_up()
    wired.wait_holder(wired.alpha, within=20)


def test_a_planned_stop_says_goodbye(wired: HotwirePair) -> None:
    slow_pair(wired)
    wired.alpha.signal(signal.SIGTERM)
    assert wired.alpha.wait_end() == 0
    wired.beta.wait_state("active", within=SOON)
    log = wired.beta.log.read_text()
    assert "alpha is gone: shutdown" in log
    assert "died" not in log
    wired.beta.wait_problem("alpha is gone: shutdown")


def test_a_stopped_backup_moves_nothing(wired: HotwirePair) -> None:
    wired.start()
    before = moves(wired.alpha)
    wired.beta.signal(signal.SIGTERM)
    wired.beta.wait_end()
    wired.alpha.wait_problem("beta is gone: shutdown")
    assert moves(wired.alpha) == before


def test_a_box_that_is_switched_off_is_replaced_after_one_missed_advertisement(wired: HotwirePair) -> None:
    """Its daemon says nothing more, and the hotwire's carrier goes with it."""
    slow_pair(wired)
    wired.alpha.signal(signal.SIGSTOP)
    try:
        wired.cut("hotwire")
        wired.beta.wait_state("active", within=SOON)
    finally:
        wired.alpha.signal(signal.SIGKILL)
        wired.alpha.wait_end()


def test_a_cut_hotwire_alone_moves_nothing(wired: HotwirePair) -> None:
    wired.start()
    wired.cut("hotwire")
    for node in wired.hot_nodes:
        node.wait_hotwire("down")
    stays(wired, ("active", "backup"))
    wired.mend("hotwire")
    wired.wait_up()
    stays(wired, ("active", "backup"))


def test_a_silent_hotwire_moves_nothing_and_is_an_alarm(wired: HotwirePair) -> None:
    wired.start()
    wired.silence()
    for node in wired.hot_nodes:
        node.wait_hotwire("silent")
        node.wait_problem("has been silent for")
    stays(wired, ("active", "backup"))


def test_both_silent_is_death(wired: HotwirePair) -> None:
    wired.start()
    wired.alpha.signal(signal.SIGSTOP)
    try:
        wired.beta.wait_state("active", within=SOON)
    finally:
        wired.alpha.signal(signal.SIGCONT)
    wired.alpha.wait_state("backup", within=SOON)
    assert settles(wired) == "alpha", "the stale node came back as backup, and was then preferred again"


def test_preemption_is_frozen_while_the_hotwire_is_silent(wired: HotwirePair) -> None:
    wired.change(lambda text: text.replace("[vrrp]", '[vrrp]\npreempt_delay = "3s"'))
    wired.start()
    wired.alpha.kill()
    wired.wait_holder(wired.beta)
    wired.alpha.start()
    wired.alpha.wait_state("backup")
    wired.wait_up()
    wired.silence()
    wired.alpha.wait_hotwire("silent")
    stays(wired, ("backup", "active"), seconds=4.0)
    wired.switch.run("ip", "link", "set", "br-hotwire", "up")
    wired.wait_holder(wired.alpha, within=10)


def test_the_healthier_node_takes_over_at_once(wired: HotwirePair) -> None:
    for port in PORTS:
        if port == PORTS[0]:
            slow_pair(wired)
        wired.alpha.pull(port)
        wired.wait_holder(wired.beta, within=SOON)
        wired.alpha.plug(port)
        wired.wait_holder(wired.alpha, within=20)


def test_a_switch_that_dies_for_both_leaves_the_preferred_node_active(wired: HotwirePair) -> None:
    """The kernel takes the carriers one after the other, so that the first node may hand over and get it
    back: what counts is who is active when both know."""
    wired.start()
    wired.cut("lan")
    for node in wired.hot_nodes:
        node.wait_problem("port lan: no carrier")
    assert settles(wired) == "alpha"


def test_with_all_ha_interfaces_of_both_down_one_is_active(wired: HotwirePair) -> None:
    wired.start()
    wired.cut(*PORTS)
    for node in wired.hot_nodes:
        node.wait_problem("port wan: no carrier")
    assert settles(wired) == "alpha"
    stays(wired, ("active", "backup"))
    wired.mend(*PORTS)
    assert settles(wired) == "alpha"


def test_one_after_another_down_one_is_active(wired: HotwirePair) -> None:
    """In the end both are equally unhealthy, and blind but for the hotwire."""
    wired.start()
    for node, port in (
        (wired.alpha, "lan"),
        (wired.beta, "wan"),
        (wired.alpha, "wan"),
        (wired.beta, "lan"),
    ):
        node.pull(port)
        settles(wired)
    assert wired.states() == ("active", "backup")


def test_a_reboot_while_the_hotwire_is_cut(wired: HotwirePair) -> None:
    """The node that comes back listens on all HA interfaces first: never two, and order at the end."""
    wired.change(lambda text: text.replace("[vrrp]", "[vrrp]\npreempt = false"))
    wired.start()
    wired.cut("hotwire")
    wired.alpha.kill()
    wired.wait_holder(wired.beta)
    wired.alpha.start()
    wired.alpha.wait_state("backup")
    stays(wired, ("backup", "active"))
    wired.mend("hotwire")
    wired.wait_up()
    stays(wired, ("backup", "active"))


def test_late_words_of_a_dead_node_are_no_sign_of_life(wired: HotwirePair) -> None:
    """They were on their way when it died: in its kernel, which waited for the cable, or elsewhere."""
    wired.start()
    tap = Capture(wired.switch, "alpha-hotwire")
    wired.silence()
    wired.beta.wait_problem("has been silent")
    before = len(tap.read())
    wait_for("alpha's heartbeats", lambda: len(heartbeats(tap, before)) > 5, within=5)
    wired.alpha.kill()
    wired.wait_holder(wired.beta)
    line = Capture(wired.switch, "beta-hotwire")
    for frame in heartbeats(tap, before):
        del frame[UDP].chksum  # The sender left it to its card, which is none.
        line.send(bytes(frame))
    deadline = time.monotonic() + SETTLED
    while time.monotonic() < deadline:
        assert wired.beta.state() == "active", wired.beta.log.read_text()
        time.sleep(0.02)
    assert wired.beta.status()["hotwire"]["state"] == "silent"


def heartbeats(tap: Capture, since: int) -> list[Packet]:
    """Those that alpha has sent after so many frames."""
    frames = [frame for _, frame in tap.read()[since:] if frame.src == HOTWIRE_MAC["alpha"]]
    return [frame for frame in frames if UDP in frame and frame[UDP].dport == HEARTBEAT_PORT]


def test_a_stale_node_that_comes_back_finds_the_other_active(wired: HotwirePair) -> None:
    wired.change(lambda text: text.replace("[vrrp]", "[vrrp]\npreempt = false"))
    wired.start()
    wired.alpha.signal(signal.SIGSTOP)
    wired.beta.wait_state("active", within=SOON)
    wired.alpha.signal(signal.SIGCONT)
    wired.alpha.wait_state("backup")
    wired.wait_holder(wired.beta)
    wired.wait_up()
    stays(wired, ("backup", "active"))


def test_two_active_ones_that_hear_each_other_on_the_hotwire_alone(wired: HotwirePair) -> None:
    """Everything was cut, so both became active; the hotwire heals first, and is enough."""
    wired.start()
    wired.silence()
    for port in PORTS:
        wired.switch.run("ip", "link", "set", f"br-{port}", "down")
    wired.beta.wait_state("active", within=SOON)
    assert wired.states() == ("active", "active")
    wired.switch.run("ip", "link", "set", "br-hotwire", "up")
    assert settles(wired) == "alpha"


def test_recorded_and_forged_messages_move_nothing(wired: HotwirePair) -> None:
    """Goodbyes and reports of a former life of the peer, sent again by a third box."""
    wired.start()
    old = Heartbeat("alpha", Life(1, 99), SECRET, interval=100, missed=3)
    with Namespaces() as more:
        third = wired.third_box(more)
        third.take_address(HOTWIRE_OWN["alpha"])
        for kind, body in ((Kind.REPORT, forged_report("alpha")), (Kind.GOODBYE, b"shutdown")):
            third.send(old.message(kind, body), HOTWIRE_OWN["alpha"], HOTWIRE_OWN["beta"])
        wait_for("both are dropped", lambda: wired.beta.hotwire()["drops"].get("former-life") == 2, within=5)
    stays(wired, ("active", "backup"))


def test_advertisements_over_the_hotwire_too(wired: HotwirePair) -> None:
    """One HA interface advertises over it, with its addresses elsewhere; the other one as usual."""
    pair = wired
    pair.change(lambda text: text.replace('port = "hotwire"\n', 'port = "hotwire"\nadvertisements = true\n'))
    pair.change(lambda text: text.replace('port = "wan"\n', 'port = "hotwire"\naddresses_on = "wan"\n', 1))
    cable = Capture(pair.beta.namespace, "hotwire")
    pair.start()
    wait_for("they come over it", lambda: bool(cable.adverts(HOTWIRE_OWN["alpha"])), within=5)
    assert pair.holders() == ["alpha"]
    pair.cut("hotwire")
    wait_for("both say that its link is lost", lambda: [lost(node) for node in pair.hot_nodes] == [1, 1], 5)
    assert pair.states() == ("active", "backup")
    pair.mend("hotwire")
    pair.wait_up()
    pair.alpha.kill()
    wait_for("beta takes over", lambda: pair.holders()[-1:] == ["beta"], 5)
    wait_for("beta's come over it", lambda: bool(cable.adverts(HOTWIRE_OWN["beta"])), within=5)


def lost(node: HotwireNode) -> int:
    """HA interfaces without a link."""
    return int(node.status()["status"]["score"]["links_down"])
