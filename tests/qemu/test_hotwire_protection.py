"""What goes over the hotwire: whoever holds the cable reads nothing, adds nothing, repeats nothing.

The nodes' own kernels encrypt; a machine that tests need not be able to.
"""

import base64
import re
from functools import partial

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.utils import PcapReader

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from hadaemon.hotwire.exclusive import CONNTRACKD_PORT, SERVICES, Protocol

SECONDS = 90.0
CLEAR = {(service.protocol, service.port) for service in SERVICES if service.clear}
ENCRYPTED = ("50", 0)
"""ESP (RFC 4303)."""
FORGED = 40
"""Frames."""
SEND = """
import base64, socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind((sys.argv[1], 0))
for _ in range(int(sys.argv[2])):
    link.send(base64.b64decode(sys.argv[3]))
"""
"""Past the sender's own rules and encryption, as a box on the cable would."""


def encrypted(node: Node) -> bool:
    return bool((node.status()["hotwire"] or {}).get("encrypted"))


def wait_until_protected(lab: Lab) -> None:
    """Both, and connections are told."""
    for node in lab.nodes.values():
        wait_until(partial(encrypted, node), Deadline(SECONDS), f"{node.name}: encrypted")
        node.wait_until("pgrep -x conntrackd", SECONDS)


def frames(lab: Lab) -> list[Packet]:
    """All IPv4 that the cable has carried since the nodes woke up."""
    with PcapReader(str(lab.folder / "hotwire.pcap")) as reader:
        return [packet for packet in reader if IP in packet]


def kind(packet: Packet) -> tuple[str, int]:
    """Protocol and the port of whoever listens."""
    for layer, protocol in ((TCP, Protocol.TCP), (UDP, Protocol.UDP)):
        if layer in packet:
            known = [port for port in (packet.dport, packet.sport) if (protocol, port) in CLEAR]
            return protocol, known[0] if known else packet.dport
    return str(packet[IP].proto), 0


def errors(node: Node) -> dict[str, int]:
    """What the kernel refused, of what came encrypted or should have."""
    lines = node.run("cat /proc/net/xfrm_stat", root=True).output.split()
    return {name: int(count) for name, count in zip(lines[::2], lines[1::2], strict=True) if count != "0"}


def refused(node: Node) -> int:
    """Packets by the keys that count. What is older than the replay window is taken for one far ahead, whose
    checksum is wrong (RFC 4303 appendix A)."""
    found = errors(node)
    return found.get("XfrmInStateSeqError", 0) + found.get("XfrmInStateProtoError", 0)


def dropped(node: Node) -> int:
    """By the hotwire's list."""
    rules = node.run("nft list chain inet hotspare hotwire_in", root=True).output
    (count,) = re.findall(r"counter packets (\d+)", rules)
    return int(count)


def inject(node: Node, frame: bytes, count: int = FORGED) -> None:
    """Puts a frame on the hotwire."""
    interface = (node.status()["hotwire"] or {})["interface"]
    text = base64.b64encode(frame).decode()
    node.run(f"python3 -c '{SEND}' {interface} {count} {text}", root=True)


def numbers(node: Node) -> set[str]:
    """Of the associations that the kernel has."""
    return set(re.findall(r"spi (0x[0-9a-f]+)", node.run("ip xfrm state list nokeys", root=True).output))


def has_new_keys(node: Node, former: set[str]) -> bool:
    now = numbers(node)
    return len(now) == 2 and not now & former


def test_the_cable_carries_nothing_in_clear_that_has_no_keys_of_its_own(pair: Lab) -> None:
    wait_until_protected(pair)
    wait_until(
        lambda: sum(kind(packet) == ENCRYPTED for packet in frames(pair)) > FORGED,
        Deadline(SECONDS),
        "encrypted frames on the cable",
    )
    seen = {kind(packet) for packet in frames(pair)}
    assert (str(Protocol.UDP), CONNTRACKD_PORT) not in seen
    assert seen <= CLEAR | {ENCRYPTED}, seen


def test_what_somebody_says_in_clear_reaches_nobody(pair: Lab) -> None:
    wait_until_protected(pair)
    alpha, beta = pair.node("alpha"), pair.node("beta")
    before = dropped(alpha)
    addresses = IP(src="192.168.180.3", dst="192.168.180.2")
    forged = Ether(src=beta.mac("hotwire"), dst=alpha.mac("hotwire")) / addresses
    forged = forged / UDP(sport=CONNTRACKD_PORT, dport=CONNTRACKD_PORT) / bytes(64)
    inject(beta, bytes(forged))
    assert dropped(alpha) >= before + FORGED
    assert alpha.status()["status"]["problems"] == []


def test_what_was_said_once_is_not_believed_again(pair: Lab) -> None:
    wait_until_protected(pair)
    alpha, beta = pair.node("alpha"), pair.node("beta")
    recorded = [each for each in frames(pair) if ESP in each and each.dst == alpha.mac("hotwire")]
    inject(beta, bytes(recorded[0]))
    assert refused(alpha) >= FORGED
    changed = bytearray(bytes(recorded[0]))
    changed[-1] ^= 1
    changed[14 + 20 + 4 : 14 + 20 + 8] = (1 << 20).to_bytes(
        4, "big"
    )  # A sequence number that is still to come.
    inject(beta, bytes(changed))
    assert refused(alpha) >= 2 * FORGED


def test_new_keys_after_a_restart_of_either_daemon_lose_nothing(pair: Lab) -> None:
    wait_until_protected(pair)
    for node in (pair.node("beta"), pair.node("alpha")):
        former, life = numbers(node), node.run("pgrep -x conntrackd").output
        node.run("systemctl restart hadaemon", root=True)
        what = f"{node.name}: new keys, and none of the old ones"
        wait_until(partial(has_new_keys, node, former), Deadline(SECONDS), what)
        assert node.run("pgrep -x conntrackd").output == life, "it speaks on while the daemon starts anew"
    for node in pair.nodes.values():
        assert errors(node) == {}


def test_without_a_pair_connections_are_told_to_nobody(pair: Lab) -> None:
    wait_until_protected(pair)
    for node in pair.nodes.values():
        node.run("hactl key revoke", root=True)
    for node in pair.nodes.values():
        node.wait_until("! pgrep -x conntrackd", SECONDS)
        node.wait_until('test -z "$(ip xfrm state)$(ip xfrm policy)"', SECONDS, root=True)
