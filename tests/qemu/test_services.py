"""What follows the active node, on a booted pair: real units, a tunnel, leases, HAProxy's stick tables."""

import contextlib
import textwrap
from collections.abc import Callable, Iterator

import pytest

from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.lab.opening import READY, Place, Say

SECONDS = 180.0
PRIVATE = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
"""Of a tunnel that lives as long as these tests."""
FAR_PRIVATE = "GBqX3LJWx7nM1ZB3UpZb1qKRyFBr8JMNZcLc0i2a4mA="
UNITS = {
    "web.service": "ExecStart=/usr/bin/sleep infinity",
    # It does not stop: what it is asked to, it ignores.
    "stubborn.service": "ExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'\nTimeoutStopSec=90s",
    "caller.service": "ExecStart=/usr/bin/ping -q 192.168.175.1",
}
FOLLOWING = (
    "web.service",
    "stubborn.service",
    "caller.service",
    "hotspare-dhcp.service",
    "hotspare-wireguard@wg0.service",
)
FOLLOW = """
[[firewall.rules]]
action = "allow"
to = ["node"]
destination = ["192.168.12.1"]
services = ["tcp/8080"]
[follow.haproxy]
enabled = true
[[follow.services]]
unit = "web.service"
[[follow.services]]
unit = "stubborn.service"
stop_timeout = "2s"
[[follow.services]]
unit = "caller.service"
source = "192.168.175.101"
[[follow.dhcp]]
port = "lan"
range = "10.77.0.100-10.77.0.199"
[[follow.wireguard]]
name = "wg0"
private_key = "PRIVATE"
addresses = ["10.8.0.1/24"]
listen_port = 51820
source = "192.168.175.101"
[[follow.wireguard.peers]]
public_key = "FAR"
allowed = ["10.8.0.2/32", "0.0.0.0/0"]
"""
HAPROXY = """
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend web
    bind 192.168.12.1:8080 transparent
    stick-table type ip size 1k expire 10m peers hotspare
    http-request track-sc0 src
    http-request return status 200 content-type text/plain string hello
global
    stats socket /run/hotspare-haproxy/admin.sock mode 600
"""
ASK_LEASE = """
import socket, struct, sys
options = bytes((53, 1, 3, 50, 4, 10, 77, 0, 150, 255))
head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 7, 0, 0x8000) + bytes(16)
packet = head + bytes.fromhex("525400990001") + bytes(10 + 192) + bytes((99, 130, 83, 99)) + options
sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sending.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
sending.bind(("", 68))
sending.sendto(packet, ("255.255.255.255", 67))
"""
SHOW_TABLE = """
import socket
asking = socket.socket(socket.AF_UNIX)
asking.connect("/run/hotspare-haproxy/admin.sock")
asking.sendall(b"show table web\\n")
print(asking.makefile().read())
"""


def write(node: Node, path: str, text: str) -> None:
    node.run(f"mkdir -p $(dirname {path}) && cat > {path} <<'END'\n{textwrap.dedent(text)}\nEND\n", root=True)


def interface(node: Node, port: str) -> str:
    return next(str(each["interface"]) for each in node.status()["ports"] if each["port"] == port)


def wait_units(node: Node, state: str, *units: str) -> None:
    names = units or FOLLOWING
    inverse = "" if state == "active" else "! "
    node.wait_until(" && ".join(f"{inverse}systemctl is-active -q {unit}" for unit in names), SECONDS)


def wait_moved(lab: Lab, active: str) -> None:
    for name, node in lab.nodes.items():
        node.wait_for_state("active" if name == active else "backup")
        wait_units(node, "active" if name == active else "inactive")


def _add_services(lab: Lab, _say: Say) -> None:
    far = lab.node("beta").run(f"echo {FAR_PRIVATE} | wg pubkey").output.strip()
    text = FOLLOW.replace("PRIVATE", PRIVATE).replace("FAR", far)
    for node in lab.nodes.values():
        for unit, lines in UNITS.items():
            write(node, f"/run/systemd/system/{unit}", f"[Service]\n{lines}\n")
        # An image of a site's own has them in its overlay.
        write(node, "/run/followable/site", "\n".join(UNITS))
        node.run("mount --bind /run/followable /usr/share/hotspare/followable", root=True)
        write(node, "/run/new/cluster.d/haproxy/web.cfg", HAPROXY)
        write(node, "/run/follow.toml", text)
        addresses = 'addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }'
        node.run(
            "cat /data/state/cluster.toml /run/follow.toml > /run/new/cluster.toml && "
            f"sed -i -e '/^port = \"hotwire\"/a {addresses}' "
            '-e \'s|"192.168.12.1/24"|"192.168.12.1/24", "10.77.0.1/24"|\' /run/new/cluster.toml && '
            "systemctl daemon-reload && hactl config apply /run/new",
            root=True,
        )
    wait_moved(lab, "alpha")


SERVING = Place(_add_services, READY)
"""The pair with services of every kind; alpha is active."""


@pytest.fixture
def followed(open_pair: Callable[[Place], Lab]) -> Iterator[Lab]:
    with open_pair(SERVING) as lab:
        yield lab


@pytest.mark.nightly
def test_everything_follows_the_active_node_and_nothing_else_does(followed: Lab) -> None:
    alpha, beta = followed.node("alpha"), followed.node("beta")
    assert alpha.status()["status"]["problems"] == []
    assert beta.status()["status"]["problems"] == []
    alpha.run("ip link show wg0")
    assert beta.run("ip link show wg0", check=False).status == 1
    for node in (alpha, beta):
        wait_units(node, "active", "hotspare-haproxy.service")


@pytest.mark.nightly
def test_a_service_has_the_virtual_address_as_its_source(followed: Lab) -> None:
    translated = "conntrack -L -p icmp -d 192.168.175.1 2>/dev/null | grep -q 'dst=192.168.175.101'"
    followed.node("alpha").wait_until(translated, root=True)


@contextlib.contextmanager
def far_end(beta: Node) -> Iterator[None]:
    """Of the tunnel, on the backup; there is a host of the internet behind it."""
    public = beta.run(f"echo {PRIVATE} | wg pubkey").output.strip()
    write(
        beta,
        "/run/far.wg",
        f"[Interface]\nPrivateKey = {FAR_PRIVATE}\n[Peer]\nPublicKey = {public}\n"
        "Endpoint = 192.168.12.1:51820\nAllowedIPs = 10.8.0.1/32\n",
    )
    try:
        beta.run(
            "ip link add far type wireguard && wg setconf far /run/far.wg && "
            "ip address add 10.8.0.2/24 dev far && ip address add 9.9.9.9/32 dev far && ip link set far up",
            root=True,
        )
        beta.wait_until("ping -c 1 -W 2 10.8.0.1")
        yield
    finally:
        beta.run("ip link delete far; rm -f /run/far.wg", root=True)


@pytest.mark.nightly
def test_a_tunnel_carries_traffic_to_the_virtual_address(followed: Lab) -> None:
    with far_end(followed.node("beta")):
        pass


@pytest.mark.nightly
def test_everything_goes_by_the_tunnel_of_the_active_node_and_its_own_packets_beside_it(
    followed: Lab,
) -> None:
    alpha, beta = followed.node("alpha"), followed.node("beta")
    with far_end(beta):
        alpha.wait_until("ping -c 1 -W 2 9.9.9.9")
    into = "ip route get 9.9.9.9 | grep -q 'dev wg0'"
    beside = "ip route get 9.9.9.9 mark 0x48e 2>&1 | grep -q 'dev wg0'"
    near = "ip route get 192.168.180.3 2>&1 | grep -q 'dev wg0'"
    alpha.run(f"{into} && ! {beside} && ! {near}")
    beta.run(f"! {into}")
    alpha.wait_until("hactl switch")
    wait_moved(followed, "beta")
    beta.wait_until(into)
    alpha.run(f"! {into}")
    beta.wait_until("hactl switch")
    wait_moved(followed, "alpha")


@pytest.mark.nightly
def test_what_is_started_by_hand_on_the_backup_is_put_right_and_told(followed: Lab) -> None:
    beta = followed.node("beta")
    beta.run("systemctl start web.service", root=True)
    beta.wait_until("hactl history | grep -q 'web.service was started while'")
    wait_units(beta, "inactive", "web.service")


@pytest.mark.nightly
def test_a_service_that_dies_is_started_again_and_told(followed: Lab) -> None:
    alpha = followed.node("alpha")
    alpha.run("systemctl kill -s KILL web.service", root=True)
    alpha.wait_until("hactl history | grep -q 'web.service ended while'")
    wait_units(alpha, "active")


@pytest.mark.nightly
def test_a_killed_daemon_leaves_all_down(followed: Lab) -> None:
    alpha = followed.node("alpha")
    gone = alpha.run(
        "systemctl kill --kill-whom=main -s KILL hadaemon; for try in $(seq 300); do "
        f"systemctl is-active -q {' '.join(FOLLOWING)} || exit 0; sleep 0.1; done; exit 1",
        root=True,
        check=False,
    )
    assert gone.status == 0
    wait_moved(followed, "alpha")


@pytest.mark.nightly
def test_leases_and_stick_tables_are_there_after_a_switch(followed: Lab) -> None:
    alpha, beta = followed.node("alpha"), followed.node("beta")
    beta.run(f"python3 -c '{ASK_LEASE}' {interface(beta, 'lan')}", root=True)
    alpha.wait_until("grep -q 10.77.0.150 /var/lib/hotspare-dhcp/leases")
    beta.wait_until("grep -q 10.77.0.150 /run/hadaemon/dhcp-leases")
    fetched = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://192.168.12.1:8080\").read())'"
    beta.wait_until(f"{fetched} | grep -q hello")
    beta.wait_until(f"python3 -c '{SHOW_TABLE}' | grep -q 192.168.12.142", root=True)
    alpha.wait_until("hactl switch")
    wait_moved(followed, "beta")
    assert "10.77.0.150" in beta.run("cat /var/lib/hotspare-dhcp/leases").output
    beta.wait_until("hactl switch")
    wait_moved(followed, "alpha")
