"""Excerpts of captures."""

from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw
from scapy.utils import RawPcapWriter

from tests.claims.wire import (
    MOST,
    excerpt,
    first,
    frames,
    goes_to,
    is_advertisement,
    is_announcement,
    told,
)

FROM, TO = "52:54:00:00:00:01", "ff:ff:ff:ff:ff:ff"
ETHER = Ether(src=FROM, dst=TO)
ADDRESSES = IP(src="192.0.2.1", dst="192.0.2.2")
ANNOUNCED = ETHER / ARP(op=1, hwsrc=FROM, psrc="192.0.2.1", pdst="192.0.2.1")


def capture(folder: Path, *packets: Packet) -> Path:
    """A frame a second from 1000 s on."""
    path = folder / "lan.pcap"
    writer = RawPcapWriter(str(path), linktype=1, sync=True)
    writer.write_header(None)
    for number, packet in enumerate(packets):
        writer.write_packet(bytes(packet), sec=1000 + number, usec=250_000)
    writer.close()
    return path


@pytest.mark.parametrize(
    "packet,line",
    [
        (ANNOUNCED, f"ARP announcement: 192.0.2.1 is at {FROM}"),
        (ETHER / ARP(op=1, psrc="192.0.2.1", pdst="192.0.2.9"), "ARP: who has 192.0.2.9? tell 192.0.2.1"),
        (ETHER / ARP(op=2, hwsrc=FROM, psrc="192.0.2.9", pdst="192.0.2.1"), f"ARP: 192.0.2.9 is at {FROM}"),
        (ETHER / ADDRESSES / TCP(sport=7, dport=25, flags="S"), "TCP S 192.0.2.1:7 > 192.0.2.2:25"),
        (ETHER / ADDRESSES / UDP(sport=7, dport=53), "UDP 192.0.2.1:7 > 192.0.2.2:53"),
    ],
)
def test_a_frame_is_a_line(packet: Packet, line: str):
    assert told(3723.5, Ether(bytes(packet))) == f"01:02:03.500  {FROM} > {TO}  {line}"


def test_other_frames_are_told_as_well():
    assert "192.0.2.1 > 192.0.2.2" in told(0, Ether(bytes(ETHER / ADDRESSES / ICMP())))
    assert told(0, Ether(bytes(Ether(src=FROM, dst=TO, type=0x88B5) / Raw(b"abc"))))


def test_an_excerpt_has_what_is_wanted_from_a_moment_on(tmp_path: Path):
    path = capture(tmp_path, ANNOUNCED, ETHER / ADDRESSES / UDP(), ANNOUNCED)
    assert len(excerpt(path, is_announcement("192.0.2.1"))) == 2
    (line,) = excerpt(path, is_announcement("192.0.2.1"), since=1001.0)
    assert line.startswith("00:16:42.250")
    assert excerpt(path, is_announcement("192.0.2.7")) == ()
    assert len(excerpt(path, goes_to("192.0.2.2", "UDP"))) == 1
    assert excerpt(path, goes_to("192.0.2.2", "TCP")) == ()
    assert len(excerpt(path, goes_to("192.0.2.2"))) == 1


def test_the_first_frame_that_is_wanted_has_its_time(tmp_path: Path):
    advertised = ETHER / IP(src="192.0.2.1", dst="224.0.0.18", proto=112)
    path = capture(tmp_path, advertised, ANNOUNCED, ETHER / ADDRESSES / UDP(), advertised)
    assert first(path, is_advertisement(FROM), 1000.5) == pytest.approx(2.75)
    assert first(path, is_advertisement(FROM), 1003.5) is None
    assert first(path, is_advertisement("52:54:00:00:00:02"), 0.0) is None


def test_a_long_excerpt_is_cut_and_says_so(tmp_path: Path):
    found = excerpt(capture(tmp_path, *[ANNOUNCED] * (MOST + 3)), lambda _: True)
    assert len(found) == MOST + 1
    assert found[-1] == "… and 3 more"


def test_a_frame_that_is_just_written_is_left_out(tmp_path: Path):
    path = capture(tmp_path, ANNOUNCED, ANNOUNCED)
    whole = path.read_bytes()
    for missing in (1, 20, 42, 50, 57):
        path.write_bytes(whole[:-missing])
        assert len(list(frames(path))) == 1
