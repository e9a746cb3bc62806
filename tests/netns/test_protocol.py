"""The protocol between two of ours, in all that the configuration offers: families, unicast, signatures."""

import json
import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6ND_NA, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from hadaemon.vrrp import IPV4_GROUP, Advertisement, Centiseconds, Priority, Vrid, encode

from .capture import VRRP_PROTOCOL, Capture, is_gratuitous_arp
from .pair import DROP_ADDRESSES, INTERVAL_TEXT, MAC, OWN, VIRTUAL, Pair, TestNode
from .waiting import stretched, wait_for

GLOBAL6, LOCAL6 = "2001:db8:12::1", "fe80::48:33"
KEY = bytes(range(32))
SIGNED = f"""
[vrrp.authentication]
type = "hmac"
key = "hex:{KEY.hex()}"
"""


def change(pair: Pair, old: str, new: str) -> None:
    """In the cluster.toml of both nodes."""
    for node in pair.nodes:
        assert old in node.cluster
        node.cluster = node.cluster.replace(old, new, 1)


def virtual6(node: TestNode) -> set[str]:
    shown = node.namespace.run("ip", "-6", "-o", "address", "show", "dev", "lan")
    return set(re.findall(r"inet6 (\S+)/\d+", shown)) & {GLOBAL6, LOCAL6}


def interface(node: TestNode, port: str = "lan") -> dict[str, object]:
    interfaces = node.status()["status"]["interfaces"]
    return next(dict(each) for each in interfaces if each["port"] == port)


def discards(node: TestNode) -> dict[str, int]:
    found = interface(node)["discards"]
    assert isinstance(found, dict)
    return found


def wait_holder6(pair: Pair, holder: TestNode) -> None:
    expected = [{GLOBAL6, LOCAL6} if node is holder else set() for node in pair.nodes]
    wait_for(
        f"{holder.name} alone holds the IPv6 addresses",
        lambda: [virtual6(node) for node in pair.nodes] == expected,
        4,
    )


# IPv6


@pytest.fixture
def dual(pair: Pair) -> Pair:
    """LAN with both families."""
    change(pair, '["192.168.12.1/24"]', f'["192.168.12.1/24", "{GLOBAL6}/64"]')
    return pair


def test_both_families_move_together(dual: Pair) -> None:
    dual.start()
    wait_holder6(dual, dual.alpha)
    dual.alpha.pull("wan")
    dual.wait_holder(dual.beta)
    wait_holder6(dual, dual.beta)


def test_ipv6_advertisements_on_the_wire(dual: Pair) -> None:
    lan = dual.capture("lan")
    dual.start()
    _, frame = lan.wait("VRRP over IPv6", lambda f: IPv6 in f and f[IPv6].nh == VRRP_PROTOCOL, 3)
    assert frame[Ether].dst == "33:33:00:00:00:12"
    ip = frame[IPv6]
    assert (ip.dst, ip.hlim, ip.tc) == ("ff02::12", 255, 0xC0)
    assert ip.src == "fe80::5054:ff:fe48:a01"
    message = bytes(ip.payload)
    assert message[:4] == bytes([0x31, 51, 254, 2])
    assert message[8:24] == socket.inet_pton(socket.AF_INET6, LOCAL6), "the link-local one is the first"


def test_ipv6_addresses_are_announced_and_serve_at_once(dual: Pair) -> None:
    lan = dual.capture("lan")
    dual.start()
    for address in (LOCAL6, GLOBAL6):
        _, frame = lan.wait(f"neighbour advertisement of {address}", announces(address), 3)
        assert (frame[Ether].src, frame[Ether].dst) == (MAC["alpha"]["lan"], "33:33:00:00:00:01")
        message = frame[ICMPv6ND_NA]
        assert (message.R, message.S, message.O, frame[IPv6].hlim) == (1, 0, 1, 255)
    shown = dual.alpha.namespace.run("ip", "-6", "-o", "address", "show", "dev", "lan")
    flags = [line for line in shown.splitlines() if GLOBAL6 in line or LOCAL6 in line]
    assert all("nodad" in line and "tentative" not in line and "deprecated" in line for line in flags), shown
    dual.client.run("ip", "address", "add", "2001:db8:12::50/64", "dev", "eth0", "nodad")
    echo = dual.client.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    echo.settimeout(stretched(3))
    wait_for("an echo reply", lambda: echoes(echo), 3)


def echoes(echo: socket.socket) -> bool:
    echo.sendto(b"\x80\0\0\0\0\x01\0\x01", (GLOBAL6, 0))
    data, sender = echo.recvfrom(100)
    return data[:1] == b"\x81" and sender[0] == GLOBAL6


def test_ports_without_a_link_local_address_speak_from_a_derived_one(dual: Pair) -> None:
    """As the appliance's network service makes them where a port has no own IPv6 address."""
    for node in dual.nodes:
        node.namespace.run("ip", "link", "set", "lan", "addrgenmode", "none")
        node.namespace.run("ip", "-6", "address", "flush", "dev", "lan")
    lan = dual.capture("lan")
    dual.start()
    wait_holder6(dual, dual.alpha)
    _, frame = lan.wait("VRRP over IPv6", lambda f: IPv6 in f and f[IPv6].nh == VRRP_PROTOCOL, 3)
    assert frame[IPv6].src == "fe80::5054:ff:fe48:a01"
    assert dual.beta.state() == "backup"
    dual.alpha.signal(15)
    wait_holder6(dual, dual.beta)


def announces(address: str) -> Callable[[Packet], bool]:
    return lambda frame: ICMPv6ND_NA in frame and frame[ICMPv6ND_NA].tgt == address


def test_a_killed_daemons_ipv6_addresses_are_dropped_too(dual: Pair) -> None:
    dual.start()
    wait_holder6(dual, dual.alpha)
    assert dual.alpha.daemon is not None
    dual.alpha.daemon.kill()
    dual.alpha.wait_end()
    dual.alpha.namespace.run(*DROP_ADDRESSES)
    assert virtual6(dual.alpha) == set()
    kept = dual.alpha.namespace.run("ip", "-6", "-o", "address", "show", "dev", "lan")
    assert "fe80::5054:ff:fe48:a01" in kept, "own addresses stay"
    wait_holder6(dual, dual.beta)


def test_a_reload_drops_no_ipv6_address_that_stays(dual: Pair) -> None:
    dual.start()
    wait_holder6(dual, dual.alpha)
    with dual.alpha.namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as monitor:
        monitor.bind((0, 0x100))  # RTMGRP_IPV6_IFADDR
        monitor.setblocking(False)
        change(dual, f'"{GLOBAL6}/64"', f'"{GLOBAL6}/64", "2001:db8:13::1/64"')
        dual.alpha.configure()
        assert dual.alpha.ask("reload")["changed"]
        wait_for("the new address", lambda: "2001:db8:13::1" in addresses(dual.alpha), 3)
        told = b""
        while True:
            try:
                told += monitor.recv(1 << 16)
            except BlockingIOError:
                break
    gone = [
        at for at in range(0, len(told) - 6, 4) if told[at + 4 : at + 6] == b"\x15\x00" and told[at + 3] == 0
    ]
    removed = [at for at in gone if 16 < int.from_bytes(told[at : at + 4], "little") < 200]
    assert not removed, "RTM_DELADDR was told"


def addresses(node: TestNode) -> str:
    return node.namespace.run("ip", "-6", "-o", "address", "show", "dev", "lan")


DISCARD = f"""[[firewall.rules]]
action = "allow"
from = ["lan"]
to = ["node"]
services = ["udp/9"]

[[firewall.rules]]
action = "allow"
from = ["lan"]
to = ["node"]
services = ["udp/9"]
destination = ["{VIRTUAL["lan"]}", "{GLOBAL6}"]

"""
"""Lets the discard port be asked: what refuses it then is not the firewall."""


def test_without_accept_mode_the_node_is_found_and_not_reached(dual: Pair) -> None:
    """RFC 9568 §6.1, in both families; the own address is as reachable as ever."""
    change(dual, "[vrrp]\n", DISCARD + "[vrrp]\naccept_mode = false\n")
    dual.start()
    wait_holder6(dual, dual.alpha)
    dual.client.run("ip", "address", "add", "2001:db8:12::50/64", "dev", "eth0", "nodad")
    for virtual, own in ((VIRTUAL["lan"], OWN["alpha"]["lan"]), (GLOBAL6, "fe80::5054:ff:fe48:a01%eth0")):
        wait_for("the own address answers", lambda a=own: answers(dual, a), 4)
        assert not answers(dual, virtual)
        neighbours = dual.client.run("ip", "neighbour", "show", virtual)
        assert MAC["alpha"]["lan"] in neighbours, "ARP and neighbour discovery are answered"
    change(dual, "accept_mode = false", "accept_mode = true")
    dual.alpha.configure()
    assert dual.alpha.ask("reload")["changed"]
    wait_for("reached again", lambda: answers(dual, VIRTUAL["lan"]) and answers(dual, GLOBAL6), 4)


def answers(pair: Pair, address: str) -> bool:
    """A UDP packet to a port that nobody listens on is answered by ICMP: connection refused."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pair.client.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(stretched(0.5))
        scope = int(pair.client.run("ip", "-o", "link", "show", "eth0").partition(":")[0])
        host = address.partition("%")[0]
        client.connect(
            (host, 9, 0, scope if "%" in address else 0) if family == socket.AF_INET6 else (host, 9)
        )
        try:
            client.send(b"x")
            client.recv(100)
        except ConnectionRefusedError:
            return True
        except TimeoutError:
            return False
    raise AssertionError(f"{address}: somebody listens on the discard port")


# another port


def test_advertisements_over_one_port_for_addresses_on_another(pair: Pair) -> None:
    elsewhere = "192.168.77.1"
    second = '[[ha_interfaces]]\nport = "wan"\nvirtual_addresses = ["192.168.175.101/24"]\n'
    change(pair, second, "")
    change(pair, 'port = "lan"\n', 'port = "lan"\naddresses_on = "wan"\n')
    change(pair, f'"{VIRTUAL["lan"]}/24"', f'"{elsewhere}/24"')
    wan = pair.capture("wan")
    for node in pair.nodes:
        node.configure()
        node.start()
    pair.alpha.wait_state("active")
    pair.beta.wait_state("backup")
    shown = pair.alpha.namespace.run("ip", "-4", "-o", "address", "show", "dev", "wan")
    assert elsewhere in shown
    wan.wait("its announcement", lambda frame: is_gratuitous_arp(frame, elsewhere), 3)
    assert wan.adverts() == []
    pair.alpha.signal(15)
    pair.beta.wait_state("active")
    assert elsewhere in pair.beta.namespace.run("ip", "-4", "-o", "address", "show", "dev", "wan")


def test_two_ha_interfaces_over_one_port_with_an_interval_each(pair: Pair) -> None:
    change(pair, 'port = "wan"\n', 'port = "lan"\naddresses_on = "wan"\nadvertisement_interval = "300ms"\n')
    lan, wan = pair.capture("lan"), pair.capture("wan")
    pair.start()
    assert pair.alpha.virtual_addresses() == set(VIRTUAL.values())
    wait_for("both virtual routers", lambda: {vrid(frame) for _, frame in lan.adverts()} == {51, 52}, 5)
    wait_for("some of the slower one", lambda: [vrid(f) for _, f in lan.adverts()].count(52) > 3, 5)
    named = {vrid(frame): int.from_bytes(bytes(frame[IP].payload)[4:6], "big") for _, frame in lan.adverts()}
    assert named[52] == 30 != named[51]
    assert wan.adverts() == []
    pair.alpha.kill()
    pair.wait_holder(pair.beta)
    wait_for("both of beta", lambda: {vrid(f) for _, f in lan.adverts(OWN["beta"]["lan"])} == {51, 52}, 5)


def vrid(frame: Packet) -> int:
    return bytes(frame[IP].payload)[1]


# unicast


def test_unicast_goes_to_the_peer_and_only_the_peer_is_heard(pair: Pair) -> None:
    peers = ", ".join(f'{name} = "{OWN[name]["lan"]}"' for name in OWN)
    change(pair, 'port = "lan"\n', f'port = "lan"\npeers = {{ {peers} }}\n')
    lan = Capture(pair.beta.namespace, "lan")
    pair.start()
    wait_for("advertisements", lambda: len(lan.adverts()) > 3, 3)
    assert {(f[IP].src, f[IP].dst) for _, f in lan.adverts()} == {(OWN["alpha"]["lan"], OWN["beta"]["lan"])}
    stranger = Advertisement(Vrid(51), Priority(255), Centiseconds(10), (IPv4Address(VIRTUAL["lan"]),))
    own = IPv4Address(OWN["beta"]["lan"])
    send(pair, encode(stranger, IPv4Address("192.168.12.66"), own), "192.168.12.66", own, MAC["beta"]["lan"])
    wait_for("counted", lambda: discards(pair.beta).get("unknown-peer", 0) == 1, 2)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    pair.alpha.pull("wan")
    pair.wait_holder(pair.beta)


def send(
    pair: Pair,
    message: bytes,
    source: str,
    destination: IPv4Address = IPV4_GROUP,
    mac: str = "01:00:5e:00:00:12",
) -> None:
    """From a neighbour on the LAN."""
    sender = pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("eth0", 0))
    ip = IP(src=source, dst=str(destination), ttl=255, proto=VRRP_PROTOCOL)
    sender.send(bytes(Ether(src="02:00:00:00:00:66", dst=mac) / ip / Raw(message)))


# signatures


def test_signed_advertisements_are_required_and_recorded_ones_are_of_no_use(pair: Pair) -> None:
    change(pair, "[[ha_interfaces]]", f"{SIGNED}\n[[ha_interfaces]]")
    lan = pair.capture("lan")
    pair.start()
    wait_for("advertisements", lambda: len(lan.adverts()) > 3, 3)
    recorded = bytes(lan.adverts()[-2][1][IP].payload)
    assert len(recorded) == 12 + 28
    wait_for("newer ones at the spare", lambda: heard(pair.beta) >= 3, 3)
    unsigned = Advertisement(Vrid(51), Priority(255), Centiseconds(10), (IPv4Address(VIRTUAL["lan"]),))
    send(pair, encode(unsigned, IPv4Address(OWN["alpha"]["lan"]), IPV4_GROUP), OWN["alpha"]["lan"])
    wait_for("the unsigned one", lambda: discards(pair.beta).get("auth-missing", 0) == 1, 2)
    send(pair, recorded, OWN["alpha"]["lan"])
    wait_for("the recorded one", lambda: discards(pair.beta).get("replay", 0) == 1, 2)
    send(pair, recorded, "192.168.12.66")
    wait_for("from elsewhere", lambda: discards(pair.beta).get("auth-failed", 0) == 1, 2)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")


def test_a_restart_of_either_node_goes_on_with_the_sequences(pair: Pair) -> None:
    change(pair, "[[ha_interfaces]]", f"{SIGNED}\n[[ha_interfaces]]")
    lan = pair.capture("lan")
    pair.start()
    wait_for("advertisements", lambda: len(lan.adverts()) > 3, 3)
    recorded = bytes(lan.adverts()[-1][1][IP].payload)
    for node in pair.nodes:
        node.signal(15)
        node.wait_end()
        stored = json.loads((node.state_folder / "daemon" / "sequences.json").read_text())
        assert stored["epoch"] > 0
        node.start()
        node.wait_state("backup" if node is pair.beta else "active", 4)
    pair.wait_holder(pair.alpha)
    pair.alpha.signal(9)
    pair.alpha.wait_end()
    pair.alpha.namespace.run(*DROP_ADDRESSES)
    pair.beta.wait_state("active")
    send(pair, recorded, OWN["alpha"]["lan"])
    wait_for("the recording from before", lambda: discards(pair.beta).get("replay", 0) == 1, 2)
    pair.alpha.start()
    pair.wait_holder(pair.alpha)
    assert discards(pair.beta) == {"replay": 1}, "every life of the other node was believed"


def test_a_crash_of_who_hears_lets_no_recording_in_and_makes_nobody_deaf(pair: Pair) -> None:
    change(pair, "[[ha_interfaces]]", f"{SIGNED}\n[[ha_interfaces]]")
    lan = pair.capture("lan")
    pair.start()
    wait_for("advertisements at the spare", lambda: heard(pair.beta) >= 10, 5)
    pair.beta.kill()
    pair.beta.start()
    pair.beta.wait_state("backup")
    wait_for("the active node is heard", lambda: heard(pair.beta) >= 3, 3)
    assert discards(pair.beta) == {}, "what goes on is heard from the first packet on"
    assert "active" not in {entry["after"] for entry in pair.beta.history()}
    pair.alpha.kill()
    recorded = [bytes(frame[IP].payload) for _, frame in lan.adverts(OWN["alpha"]["lan"])]
    pair.beta.wait_state("active")
    pair.beta.kill()
    pair.beta.start()
    pair.beta.wait_state("active")
    for packet in recorded:
        send(pair, packet, OWN["alpha"]["lan"])
    wait_for("all of them", lambda: discards(pair.beta) == {"replay": len(recorded)}, 3)


def test_the_roll_out_disturbs_nobody(pair: Pair) -> None:
    """Node by node, mode by mode, from no signatures to required ones."""
    pair.start()
    for mode in ("receive-only", "permissive", "enforce"):
        for node in (pair.beta, pair.alpha):
            plain = node.cluster.split("\n[vrrp.authentication]")[0]
            rest = "[[ha_interfaces]]" + node.cluster.split("[[ha_interfaces]]", 1)[1]
            head = plain.split("[[ha_interfaces]]")[0]
            node.cluster = f'{head}{SIGNED}mode = "{mode}"\n{rest}'
            node.configure()
            assert node.ask("reload")["changed"]
            node.wait_state("active" if node is pair.alpha else "backup")
    pair.wait_holder(pair.alpha)
    seen = heard(pair.beta)
    wait_for("more advertisements", lambda: heard(pair.beta) > seen + 3, 3)
    assert discards(pair.beta) == {}
    assert KEY.hex() not in all_that_is_told(pair)


def heard(node: TestNode) -> int:
    """Advertisements that were accepted."""
    return int(str(interface(node)["received"]))


def all_that_is_told(pair: Pair) -> str:
    logs = [node.log.read_text() for node in pair.nodes]
    return "\n".join([*logs, *(json.dumps(node.status()) for node in pair.nodes)])


# foreign routers


def test_another_group_with_our_vrid_is_reported(pair: Pair) -> None:
    pair.start()
    foreign = Advertisement(Vrid(51), Priority(10), Centiseconds(100), (IPv4Address("192.168.12.77"),))
    send(pair, encode(foreign, IPv4Address("192.168.12.66"), IPV4_GROUP), "192.168.12.66")

    def told() -> list[str]:
        return [text for text in pair.alpha.problems().splitlines() if "192.168.12.66" in text]

    (problem,) = wait_for("reported", told, 2)
    assert "advertises VRID 51 with other virtual addresses (192.168.12.77)" in problem
    assert pair.alpha.state() == "active"


def test_version_2_with_a_password(pair: Pair) -> None:
    password = '[vrrp.authentication]\ntype = "password"\npassphrase = "hunter2"\n'
    change(
        pair,
        f"advertisement_interval = {INTERVAL_TEXT}\n",
        f'version = 2\nadvertisement_interval = "1s"\n{password}',
    )
    lan = pair.capture("lan")
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("active", 6)
    pair.beta.configure()
    pair.beta.start()
    pair.beta.wait_state("backup", 6)
    wait_for("an advertisement", lambda: lan.adverts() != [], 3)
    message = bytes(lan.adverts()[-1][1][IP].payload)
    assert (message[0], message[4], message[5], message[12:]) == (0x21, 1, 1, b"hunter2\0")
    assert "hunter2" not in all_that_is_told(pair)
