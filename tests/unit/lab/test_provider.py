"""The provider grants a session to who knows the password, and to nobody else."""

import queue
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.ppp import (
    PPP,
    PPP_IPCP,
    PPP_CHAP_ChallengeResponse,
    PPP_IPCP_Option_IPAddress,
    PPP_LCP_Configure,
    PPP_LCP_MRU_Option,
    PPP_LCP_Terminate,
    PPP_PAP_Request,
    PPPoE,
    PPPoED,
    PPPoED_Tags,
    PPPoETag,
)
from scapy.packet import Packet, Padding

from firmware.lab.deadline import stretched
from firmware.lab.provider import FIRST_CLIENT, Authentication, Event, Provider, What
from firmware.lab.switch import Switch

MAC = "52:54:00:48:0a:05"
USER, PASSWORD = "me@provider.example", "right one"
LCP, PAP, CHAP, IPCP, IPV4 = 0xC021, 0xC023, 0xC223, 0x8021, 0x0021
SECONDS = stretched(10.0)


class Dialler:
    """A client, one message at a time."""

    def __init__(self, switch: Switch) -> None:
        self._heard: queue.Queue[bytes] = queue.Queue()
        self._send = switch.attach("dialler", self._heard.put)
        self.session = 0

    def discover(self, code: int, answer: int) -> Packet:
        tags = PPPoED_Tags(tag_list=[PPPoETag(tag_type=0x0103, tag_value=b"mine")])
        self._send(bytes(Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff", type=0x8863) / PPPoED(code=code) / tags))
        heard = Ether(self._heard.get(timeout=SECONDS))
        assert heard[PPPoED].code == answer
        assert b"mine" in {tag.tag_value for tag in heard[PPPoED_Tags].tag_list}
        self.session = heard[PPPoED].sessionid
        return heard

    def hang_up(self) -> None:
        header = Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff", type=0x8863)
        self._send(bytes(header / PPPoED(code=0xA7, sessionid=self.session)))

    def say(self, protocol: int, content: Packet) -> None:
        header = Ether(src=MAC, dst="52:54:00:48:e0:01", type=0x8864) / PPPoE(sessionid=self.session)
        self._send(bytes(header / PPP(proto=protocol) / content))

    def hear(self, protocol: int, code: int) -> Packet:
        """The next message is of this kind."""
        heard = Ether(self._heard.get(timeout=SECONDS))[PPP]
        assert (heard.proto, heard.payload.code) == (protocol, code)
        return heard.payload

    def open_link(self) -> None:
        self.discover(0x09, 0x07)
        self.discover(0x19, 0x65)
        self.say(LCP, PPP_LCP_Configure(id=1, options=[PPP_LCP_MRU_Option(max_recv_unit=1492)]))
        asked = self.hear(LCP, 1)
        self.hear(LCP, 2)
        self.say(LCP, PPP_LCP_Configure(code=2, id=asked.id, options=asked.options))

    def accept(self, asked: Packet, given: str) -> None:
        """The addresses of both ends."""
        self.say(IPCP, PPP_IPCP(code=2, id=asked.id, options=asked.options))
        self.say(IPCP, PPP_IPCP(id=2, options=[PPP_IPCP_Option_IPAddress(data=given)]))
        self.hear(IPCP, 2)

    def dial(self) -> str:
        """All of it; returns the address that was given."""
        self.open_link()
        self.say(PAP, PPP_PAP_Request(id=1, username=USER, password=PASSWORD))
        self.hear(PAP, 2)
        self.say(IPCP, PPP_IPCP(id=1, options=[PPP_IPCP_Option_IPAddress(data="0.0.0.0")]))
        asked = self.hear(IPCP, 1)
        given = str(self.hear(IPCP, 3).options[0].data)
        self.accept(asked, given)
        return given

    def next(self) -> Packet:
        return Ether(self._heard.get(timeout=SECONDS))


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    switch = Switch("dsl", tmp_path / "dsl.pcap")
    yield switch
    switch.close()


def test_a_dial_comes_through_and_is_ended(switch: Switch) -> None:
    provider = Provider(switch, USER, PASSWORD, Authentication.PAP)
    dialler = Dialler(switch)
    given = dialler.dial()  # And nothing more: a request after that would begin it all anew.
    assert IPv4Address(given) == FIRST_CLIENT + 1
    assert provider.online == {MAC}
    dialler.say(IPV4, IP(src=given, dst="203.0.113.9") / ICMP(id=7, seq=1) / b"hello")
    answer = dialler.next()
    assert (answer[IP].src, answer[IP].dst, answer[ICMP].type) == ("203.0.113.9", given, 0)
    assert provider.pings == ((IPv4Address(given), IPv4Address("203.0.113.9")),)
    dialler.say(LCP, PPP_LCP_Terminate(code=5, id=9))
    dialler.hear(LCP, 6)
    dialler.hang_up()
    dialler.discover(0x09, 0x07)
    assert provider.events == tuple(
        Event(what, MAC)
        for what in (What.DIALLED, What.CONNECTED, What.UP, What.ENDED, What.HUNG_UP, What.DIALLED)
    )


def test_who_is_connected_gets_what_is_for_him_and_reaches_who_has_the_address_now(switch: Switch) -> None:
    provider = Provider(switch, USER, PASSWORD, Authentication.PAP)
    heard: queue.Queue[bytes] = queue.Queue()
    say = provider.connect(IPv4Address("203.0.113.20"), heard.put)
    dialler = Dialler(switch)
    first = dialler.dial()
    dialler.hang_up()
    second = dialler.dial()
    packet = IP(src=second, dst="203.0.113.20") / UDP(sport=7, dport=9) / b"?"
    dialler.say(IPV4, packet / Padding(b"filled up"))
    assert heard.get(timeout=SECONDS) == bytes(packet)
    for target in (first, second):
        say(bytes(IP(src="203.0.113.20", dst=target) / UDP(sport=9, dport=7) / b"!"))
    answer = dialler.next()
    assert (answer[PPPoE].sessionid, answer[IP].dst, answer[UDP].load) == (dialler.session, second, b"!")
    assert provider.pings == ()
    dialler.say(IPV4, IP(src=second, dst="203.0.113.20") / ICMP(id=7, seq=1) / b"hello")
    assert IP(heard.get(timeout=SECONDS))[ICMP].id == 7, "he answers himself"


@pytest.mark.parametrize("way", Authentication)
def test_a_wrong_password_is_refused_and_gives_no_address(switch: Switch, way: Authentication) -> None:
    provider = Provider(switch, USER, PASSWORD, way)
    dialler = Dialler(switch)
    dialler.open_link()
    if way is Authentication.PAP:
        dialler.say(PAP, PPP_PAP_Request(id=1, username=USER, password="wrong one"))
        dialler.hear(PAP, 3)
    else:
        asked = dialler.hear(CHAP, 1)
        response = PPP_CHAP_ChallengeResponse(code=2, id=asked.id, value=bytes(16), optional_name=USER)
        dialler.say(CHAP, response)
        dialler.hear(CHAP, 4)
    dialler.say(IPCP, PPP_IPCP(id=1, options=[PPP_IPCP_Option_IPAddress(data="0.0.0.0")]))
    dialler.discover(0x09, 0x07)
    assert provider.online == frozenset()
    assert Event(What.REFUSED, MAC) in provider.events


def test_a_protocol_that_it_does_not_know_is_rejected(switch: Switch) -> None:
    Provider(switch, USER, PASSWORD, Authentication.PAP)
    dialler = Dialler(switch)
    dialler.open_link()
    dialler.say(0x80FD, PPP_LCP_Configure(id=1))
    assert dialler.hear(LCP, 8).rejected_protocol == 0x80FD
