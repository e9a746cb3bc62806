"""What follows the active node: up on it, down on the other one, whatever happens to it and to the daemon."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.follow.follower import DHCP_UNIT

from .dhcp import ASK_LEASE, ASKED
from .hotwire import HotwireNode, HotwirePair, build_hotwire_pair
from .namespaces import Namespaces
from .pair import DROP_ADDRESSES, VIRTUAL, TestNode
from .services import Command, Manager
from .waiting import wait_for

VIRTUAL_DHCP = "10.77.0.1"
FOLLOW = f"""
[follow]
ports = ["modem"]
[[follow.services]]
unit = "web.service"
stop_timeout = "1s"
[[follow.services]]
unit = "mail.service"
[[ha_interfaces]]
port = "office"
virtual_addresses = ["{VIRTUAL_DHCP}/24"]
[[follow.dhcp]]
port = "office"
range = "10.77.0.100-10.77.0.199"
"""
NAMES = {"web.service", "mail.service", DHCP_UNIT}
MODEM = {"alpha": "52:54:00:48:0a:04", "beta": "52:54:00:48:0b:04"}
OFFICE = {"alpha": "52:54:00:48:0a:05", "beta": "52:54:00:48:0b:05"}


def dnsmasq(node: TestNode, files: Path) -> tuple[str, ...]:
    """As hotspare-dhcp.service starts it."""
    leases, offered = node.folder / "leases", node.folder / "run/dhcp-leases"
    text = (files / "dnsmasq.conf").read_text().replace("/var/lib/hotspare-dhcp/leases", str(leases))
    own = node.folder / "dnsmasq.conf"
    own.write_text(text)
    run = f"dnsmasq --keep-in-foreground --conf-file={own} --pid-file= --log-facility=- --user=root"
    return ("sh", "-c", f"cp --update {offered} {leases}; exec {run}")


UNITS: dict[str, Command | None] = {"web.service": None, "mail.service": None, DHCP_UNIT: dnsmasq}


class Followed:
    """A pair whose nodes have a service manager, a port to a modem, and an office with DHCP clients."""

    def __init__(self, pair: HotwirePair) -> None:
        self.pair = pair
        for bridge in ("modem", "office"):
            pair.switch.run("ip", "link", "add", f"br-{bridge}", "type", "bridge", "forward_delay", "0")
            pair.switch.run("ip", "link", "set", f"br-{bridge}", "up")
        self.managers = {}
        for node in pair.hot_nodes:
            for name, macs in (("modem", MODEM), ("office", OFFICE)):
                self._plug(node, name, macs[node.name])
            node.configure()
            node.cluster += FOLLOW
            self.managers[node.name] = Manager(node, dict(UNITS))
        self._configure()

    def _plug(self, node: HotwireNode, name: str, mac: str) -> None:
        peer = ["type", "veth", "peer", "name", name, "address", mac]
        self.pair.switch.run("ip", "link", "add", f"{node.name}-{name}", *peer)
        self.pair.switch.run("ip", "link", "set", f"{node.name}-{name}", "master", f"br-{name}", "up")
        self.pair.switch.run("ip", "link", "set", name, "netns", node.namespace.entry[2])
        node.namespace.run("ip", "link", "set", name, "up")

    def _configure(self) -> None:
        for node in self.pair.hot_nodes:
            text = f'[ports.modem]\nmac = "{MODEM[node.name]}"\n[ports.office]\nmac = "{OFFICE[node.name]}"\n'
            configure = node.configure

            def both(configure=configure, node=node, text=text) -> None:
                configure()
                with (node.state_folder / "node.toml").open("a") as file:
                    file.write(text)

            node.configure = both  # type: ignore[method-assign]

    def running(self, node: TestNode) -> set[str]:
        return self.managers[node.name].running()

    def modem_is_up(self, node: TestNode) -> bool:
        return node.namespace.run("ip", "-o", "link", "show", "up", "dev", "modem") != ""

    def switch(self, node: TestNode) -> None:
        """`hactl switch`, as soon as the other node is ready."""
        wait_for("a switch", lambda: node.ask("switch").get("ok"), 15)

    def wait_follows(self, active: TestNode, within: float = 10.0) -> None:
        """Everything is up on that node, and nothing on the other one."""
        for node in self.pair.hot_nodes:
            wanted = NAMES if node is active else set()
            what = f"{node.name} runs {wanted or 'nothing'}"
            wait_for(what, lambda node=node, wanted=wanted: self.running(node) == wanted, within)
            modem = f"the modem of {node.name}"
            wait_for(modem, lambda node=node: self.modem_is_up(node) == (node is active), within)


@pytest.fixture
def off(tmp_path: Path) -> Iterator[Followed]:
    """No daemon runs yet."""
    with Namespaces() as namespaces, contextlib.ExitStack() as stack:
        pair = build_hotwire_pair(namespaces, tmp_path)
        built = Followed(pair)
        for manager in built.managers.values():
            stack.callback(manager.close)
        stack.callback(stop, pair)
        yield built
        pair.check_logs()


@pytest.fixture
def followed(off: Followed) -> Followed:
    off.pair.start()
    off.wait_follows(off.pair.alpha)
    return off


def stop(pair: HotwirePair) -> None:
    for node in pair.hot_nodes:
        if node.daemon is not None and node.daemon.poll() is None:
            node.signal(signal.SIGTERM)
            node.wait_end()


def test_a_planned_switch_stops_first_and_starts_last(followed: Followed) -> None:
    alpha, beta = followed.pair.hot_nodes
    web = followed.managers["alpha"].units["web.service"]
    seen: list[set[str]] = []
    linked: list[bool] = []
    stopping = web.stop

    def watched() -> None:
        seen.append(alpha.virtual_addresses() & set(VIRTUAL.values()))
        linked.append(followed.modem_is_up(alpha))
        stopping()

    web.stop = watched  # type: ignore[method-assign]
    followed.switch(alpha)
    followed.wait_follows(beta)
    assert seen[0] == set(VIRTUAL.values()), "services are stopped while the node still has its addresses"
    assert linked[0], "a dial-in hangs up over its port"
    assert not alpha.problems()
    followed.switch(beta)
    followed.wait_follows(alpha)


def test_a_service_that_will_not_stop_delays_nothing_and_is_killed_and_told(followed: Followed) -> None:
    alpha, beta = followed.pair.hot_nodes
    unit = followed.managers["alpha"].units["web.service"]
    unit.stubborn = True
    alpha.pull("lan")
    followed.pair.wait_holder(beta, within=2)
    assert unit.running, "the addresses did not wait for it"
    followed.wait_follows(beta)
    assert unit.killed == 1
    history = "\n".join(entry["reason"] for entry in alpha.history())
    assert "web.service: did not stop within 1 s, and is killed" in history


def test_a_service_that_dies_is_started_again_and_told(followed: Followed) -> None:
    alpha = followed.pair.alpha
    followed.managers["alpha"].units["mail.service"].end(signal.SIGKILL)
    alpha.wait_problem("mail.service: ended while it was to run")
    followed.wait_follows(alpha)
    assert any("mail.service ended" in entry["reason"] for entry in alpha.history())


def test_a_service_that_counts_and_does_not_run_moves_the_pair_once(off: Followed) -> None:
    alpha, beta = off.pair.hot_nodes
    for node in (alpha, beta):
        node.cluster = node.cluster.replace('"web.service"\n', '"web.service"\ncounts = true\n')
    off.pair.start()
    off.wait_follows(alpha)
    web = off.managers["alpha"].units["web.service"]
    starting = web.start
    web.start = lambda: None  # type: ignore[method-assign]
    web.end(signal.SIGKILL)
    off.pair.wait_holder(beta, within=20)
    off.wait_follows(beta)
    alpha.wait_problem("web.service did not run when this node was active")
    assert alpha.status()["status"]["score"]["failed_services"] == 1
    web.start = starting  # type: ignore[method-assign]
    assert alpha.ask("resume").get("ok")
    off.pair.wait_holder(alpha, within=10)
    off.wait_follows(alpha)


def test_what_is_started_by_hand_on_the_backup_is_stopped_and_told(followed: Followed) -> None:
    alpha, beta = followed.pair.hot_nodes
    wait_for("beta has looked", lambda: {each["state"] for each in beta.status()["services"]} == {"down"}, 5)
    followed.managers["beta"].systemctl("start", "web.service")
    beta.namespace.run("ip", "link", "set", "modem", "up")
    followed.wait_follows(alpha)
    wait_for(
        "it is told",
        lambda: any("web.service was started while" in entry["reason"] for entry in beta.history()),
        5,
    )


def test_what_runs_when_a_node_comes_up_is_stopped_first(off: Followed) -> None:
    """Somebody has enabled it in the image, or started it by hand. On the spare it stays down, and on the
    active node it runs only after the addresses are there."""
    alpha, beta = off.pair.hot_nodes
    for node in (alpha, beta):
        off.managers[node.name].systemctl("start", "web.service", "mail.service")
        node.namespace.run("ip", "link", "set", "modem", "up")
    web = off.managers["alpha"].units["web.service"]
    starting, seen = web.start, list[set[str]]()

    def watched() -> None:
        seen.append(alpha.virtual_addresses())
        starting()

    web.start = watched  # type: ignore[method-assign]
    off.pair.start()
    off.wait_follows(alpha)
    assert seen[0] == set(VIRTUAL.values()), "it was started when the node had its addresses"
    assert (web.life, off.managers["alpha"].units["mail.service"].life) == (2, 2), "all were down in between"
    started = {name for verb, name in off.managers["beta"].orders if verb in ("start", "reload-or-restart")}
    assert started == {"web.service", "mail.service"}, "by hand, and nothing since"


def test_a_killed_daemon_leaves_nothing_up(followed: Followed) -> None:
    alpha, beta = followed.pair.hot_nodes
    alpha.signal(signal.SIGKILL)
    alpha.wait_end()
    alpha.namespace.run(*DROP_ADDRESSES)
    assert not followed.modem_is_up(alpha)
    wait_for("nothing runs on alpha", lambda: not followed.running(alpha), 5)
    followed.wait_follows(beta)
    # What somebody started meanwhile is stopped by the next daemon.
    followed.managers["alpha"].systemctl("start", "web.service")
    alpha.start()
    alpha.wait_state("active")
    followed.wait_follows(alpha)


def test_a_unit_that_does_not_exist_is_told_and_nothing_else_suffers(followed: Followed) -> None:
    alpha = followed.pair.alpha
    path = alpha.state_folder / "cluster.toml"
    path.write_text(path.read_text() + '[[follow.services]]\nunit = "nothing.service"\n')
    alpha.ask("reload")
    alpha.wait_problem("nothing.service: there is no such unit")
    followed.wait_follows(alpha)


def test_leases_are_on_the_other_node_when_it_takes_over(followed: Followed) -> None:
    alpha, beta = followed.pair.hot_nodes
    beta.namespace.run(sys.executable, "-c", ASK_LEASE, "office")
    leases = alpha.folder / "leases"
    given = wait_for("a lease", lambda: leases.exists() and leases.read_text(), 5)
    assert isinstance(given, str)
    assert ASKED in given
    offered = beta.folder / "run/dhcp-leases"
    wait_for("beta knows", lambda: offered.exists() and ASKED in offered.read_text(), 10)
    alpha.signal(signal.SIGKILL)
    alpha.wait_end()
    alpha.namespace.run(*DROP_ADDRESSES)
    followed.wait_follows(beta)
    taken = beta.folder / "leases"
    wait_for("beta's server has it", lambda: taken.exists() and ASKED in taken.read_text(), 5)
    (end, *_) = taken.read_text().split()
    assert abs(int(end) - int(given.split()[0])) < 30
