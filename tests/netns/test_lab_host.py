"""The lab's real hosts: two namespaces on a switch of ours, without any machine between them."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.switch import Switch
from tests.lab.dhcp_client import ask_for_lease, renew
from tests.lab.host import Host

from .ping import Pinger
from .waiting import stretched


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    switch = Switch("lan", tmp_path / "lan.pcap")
    with Namespaces() as namespaces:
        made = [
            Host(namespaces.make(name), switch, f"52:54:00:48:d0:{number:02x}").settle(
                IPv4Interface((f"192.0.2.{number}", 24)), IPv4Address("192.0.2.254")
            )
            for number, name in enumerate(("one", "two"), start=1)
        ]
        yield made[0], made[1]
        for host in made:
            host.close()
    switch.close()


def test_hosts_ping_each_other(hosts: tuple[Host, Host]) -> None:
    one, two = hosts
    Pinger(one.namespace, str(two.address)).ping(within=5)
    Pinger(two.namespace, str(one.address)).ping(within=5)


def test_a_megabyte_arrives_whole(hosts: tuple[Host, Host]) -> None:
    """Checksums and segments are right on the wire: the kernel leaves them to no network card."""
    one, two = hosts
    content = bytes(range(256)) * 4096
    listener = one.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((str(one.address), 8080))
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(content)

    server = threading.Thread(target=serve)
    server.start()
    client = two.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.settimeout(stretched(20))
    client.connect((str(one.address), 8080))
    received = hashlib.sha256()
    while block := client.recv(1 << 16):
        received.update(block)
    server.join()
    assert received.digest() == hashlib.sha256(content).digest()


def test_an_unplugged_host_hears_nothing_and_its_interface_is_gone(
    hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    with Namespaces() as namespaces:
        switch = Switch("other", tmp_path / "other.pcap")
        namespace = namespaces.make("third")
        third = Host(namespace, switch, "52:54:00:48:d0:03")
        assert "eth0" in namespace.run("ip", "link")
        third.close()
        assert "eth0" not in namespace.run("ip", "link")
        assert switch.port_names == ()
        switch.close()


def test_a_host_gets_a_lease_and_renews_it(tmp_path: Path) -> None:
    """Of the real dnsmasq, as a node starts it."""
    switch = Switch("lan", tmp_path / "lan.pcap")
    with Namespaces() as namespaces:
        server = Host(namespaces.make("server"), switch, "52:54:00:48:d0:01")
        server.settle(IPv4Interface("192.0.2.1/24"), IPv4Address("192.0.2.254"))
        client = Host(namespaces.make("client"), switch, "52:54:00:48:d0:02")
        files = (f"--dhcp-leasefile={tmp_path / 'leases'}", "--conf-file=/dev/null", "--pid-file=")
        span = ("--port=0", "--interface=eth0", "--dhcp-range=192.0.2.100,192.0.2.199,1h")
        log = tmp_path / "dnsmasq.log"
        server.namespace.start("dnsmasq", "--keep-in-foreground", "--user=", *files, *span, log=log)
        lease = ask_for_lease(client, 20)
        assert lease.address in IPv4Network("192.0.2.0/24")
        assert lease.gateway == lease.server == server.address
        client.settle(lease.address, lease.gateway)
        Pinger(client.namespace, str(server.address)).ping(within=5)
        assert renew(client, lease, 20) == lease
        for host in (server, client):
            host.close()
    switch.close()
