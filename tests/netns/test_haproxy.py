"""The example of docs/services.md, as it stands there: transparent, on both nodes, with one stick table."""

import contextlib
import re
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .hotwire import HOTWIRE_CLUSTER, HOTWIRE_TABLE, HotwirePair, build_hotwire_pair, unprotected
from .namespaces import Namespace, Namespaces
from .pair import DROP_ADDRESSES, TestNode
from .services import Manager
from .waiting import stretched, wait_for

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/services.md").read_text(encoding="utf-8")
PAGE = PAGE[PAGE.index("\n## HAProxy") :]
(TOML,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
(HAPROXY,) = re.findall(r"```haproxy\n(.*?)```", PAGE, re.DOTALL)
SHARE = ROOT / "rootfs-overlay/usr/share/hotspare"
HAPROXY_UNIT = "hotspare-haproxy.service"
UNIT = ROOT / "rootfs-overlay/usr/lib/systemd/system" / HAPROXY_UNIT
OUTSIDE, SOMEBODY = "192.168.175.50", "192.168.175.51"
ADDRESS = ("192.168.175.101", 25)
SERVERS = ("192.168.12.21", "192.168.12.22")
SERVER = """
import socket, sys
listening = socket.create_server((sys.argv[1], 25))
while True:
    connection, (client, _) = listening.accept()
    connection.sendall(f"{sys.argv[1]} {client}".encode())
    connection.close()
"""


def haproxy(node: TestNode, files: Path) -> tuple[str, ...]:
    """As hotspare-haproxy.service starts it, with the capabilities that it gives it."""
    routes = f"ip -4 -force -batch {SHARE}/haproxy-up.ip"
    (given,) = re.findall(r"^AmbientCapabilities=(.*)$", UNIT.read_text(), re.MULTILINE)
    kept = ",".join(["-all", *(f"+{name.lower().removeprefix('cap_')}" for name in given.split())])
    limited = f"setpriv --bounding-set {kept} --inh-caps {kept}"
    return ("sh", "-c", f"{routes}; exec {limited} haproxy -db -f {files}/haproxy")


def admin_socket(node: TestNode) -> str:
    return str(node.folder / "admin.sock")


def stick_table(node: TestNode) -> str:
    """As HAProxy on that node has it; empty while it does not answer."""
    with socket.socket(socket.AF_UNIX) as asking, contextlib.suppress(OSError):
        asking.connect(admin_socket(node))
        asking.sendall(b"show table mail\n")
        return asking.makefile().read()
    return ""


@dataclass
class Proxied:
    """The pair, somebody outside, and two servers whose gateway is the pair."""

    pair: HotwirePair
    outside: Namespace
    managers: list[Manager]

    def ask(self, source: str = OUTSIDE) -> str:
        """Which server answers, and whom it sees; empty: nobody does."""
        asking = self.outside.socket(socket.AF_INET, socket.SOCK_STREAM)
        asking.settimeout(stretched(1.0))
        with asking, contextlib.suppress(OSError):
            asking.bind((source, 0))
            asking.connect(ADDRESS)
            return asking.recv(100).decode()
        return ""


def plug(pair: HotwirePair, namespaces: Namespaces, name: str, bridge: str, address: str) -> Namespace:
    host = namespaces.make(name)
    pair.switch.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0")
    pair.switch.run("ip", "link", "set", name, "master", bridge, "up")
    pair.switch.run("ip", "link", "set", "eth0", "netns", host.entry[2])
    host.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
    host.run("ip", "link", "set", "eth0", "up")
    return host


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    with Namespaces() as namespaces, contextlib.ExitStack() as stack:
        pair = build_hotwire_pair(namespaces, tmp_path)
        outside = plug(pair, namespaces, "outside", "br-wan", OUTSIDE)
        outside.run("ip", "address", "add", f"{SOMEBODY}/24", "dev", "eth0")
        for number, address in enumerate(SERVERS):
            host = plug(pair, namespaces, f"server{number}", "br-lan", address)
            host.run("ip", "route", "add", "default", "via", "192.168.12.1")
            host.start(sys.executable, "-c", SERVER, address, log=tmp_path / f"server{number}.log")
        managers = []
        for node in pair.hot_nodes:
            node.cluster = HOTWIRE_CLUSTER.replace(HOTWIRE_TABLE, unprotected(TOML))
            node.configure()
            part = node.state_folder / "cluster.d/haproxy"
            part.mkdir(parents=True)
            (part / "mail.cfg").write_text(HAPROXY)
            (part / "test.cfg").write_text(f"global\n    stats socket {admin_socket(node)} mode 600\n")
            managers.append(Manager(node, {HAPROXY_UNIT: haproxy}))
            stack.callback(managers[-1].close)
        stack.callback(stop, pair)
        pair.start()
        for manager in managers:
            wait_for(
                "HAProxy runs on both nodes", lambda manager=manager: HAPROXY_UNIT in manager.running(), 10
            )
        yield Proxied(pair, outside, managers)
        pair.check_logs()


def stop(pair: HotwirePair) -> None:
    for node in pair.hot_nodes:
        if node.daemon is not None and node.daemon.poll() is None:
            node.signal(signal.SIGTERM)
            node.wait_end()


def test_servers_see_the_client_and_after_a_takeover_he_comes_to_the_same_one(proxied: Proxied) -> None:
    alpha, beta = proxied.pair.hot_nodes
    # Somebody else has the server that comes first, on either node.
    before = wait_for("a server answers", lambda: proxied.ask(SOMEBODY), 15)
    answer = wait_for("a server answers", proxied.ask, 15)
    assert answer.split()[0] != before.split()[0]
    server, client = answer.split()
    assert (server in SERVERS, client) == (True, OUTSIDE)
    assert {proxied.ask() for _ in range(4)} == {answer}, "the same one each time"
    wait_for("beta knows both", lambda: {OUTSIDE, SOMEBODY} <= set(re.split(r"[= ]", stick_table(beta))), 15)
    alpha.signal(signal.SIGKILL)
    alpha.wait_end()
    alpha.namespace.run(*DROP_ADDRESSES)
    proxied.pair.wait_holder(beta)
    assert wait_for("a server answers by beta", proxied.ask, 15) == answer
    assert {proxied.ask() for _ in range(4)} == {answer}, "as the stick table says"


def test_a_change_of_its_own_part_alone_is_taken_up(proxied: Proxied) -> None:
    """cluster.toml stays as it is."""
    alpha = proxied.pair.alpha
    part = alpha.state_folder / "cluster.d/haproxy/mail.cfg"
    address, port = ADDRESS
    assert f"{address}:{port}" in part.read_text()
    wait_for("a server answers", proxied.ask, 15)
    part.write_text(part.read_text().replace(f"{address}:{port}", f"{address}:2525"))
    assert alpha.ask("reload")["changed"], "the daemon sees another configuration"
    rendered = wait_for("the files are new", lambda: served(alpha, "2525"), 15)
    assert rendered
    assert not alpha.ask("reload")["changed"]


def served(node: TestNode, port: str) -> bool:
    """HAProxy listens at that port."""
    return f":{port} " in node.namespace.run("ss", "-Hltn")
