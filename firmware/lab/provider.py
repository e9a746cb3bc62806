"""A provider's end of PPPoE on one of the lab's switches: grants sessions, checks who dials, answers pings.

An access concentrator (RFC 2516) with as much of LCP (RFC 1661), PAP (RFC 1334), CHAP (RFC 1994) and IPCP
(RFC 1332) as one honest client needs; in user space, because not every machine's kernel has PPP. It never
begins to speak and keeps no timer: who dials repeats its requests. Every address is behind it, and answers
pings; where somebody is connected, he gets what is for him.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address

from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.layers.ppp import (
    PPP,
    PPP_CHAP,
    PPP_IPCP,
    PPP_CHAP_ChallengeResponse,
    PPP_IPCP_Option_IPAddress,
    PPP_LCP_Auth_Protocol_Option,
    PPP_LCP_Configure,
    PPP_LCP_Echo,
    PPP_LCP_MRU_Option,
    PPP_LCP_Protocol_Reject,
    PPP_LCP_Terminate,
    PPP_PAP_Request,
    PPP_PAP_Response,
    PPPoE,
    PPPoED,
    PPPoED_Tags,
    PPPoETag,
)
from scapy.packet import Packet, Raw

from firmware.lab.switch import Deliver, Switch

MAC = "52:54:00:48:e0:01"
OWN = IPv4Address("198.51.100.1")
FIRST_CLIENT = IPv4Address("198.51.100.100")
"""Of the addresses that are given out, each only once: a new session gets another one."""
_DISCOVERY, _SESSION = b"\x88\x63", b"\x88\x64"
_SERVICE, _NAME, _HOST_UNIQ = 0x0101, 0x0102, 0x0103
_IPV4, _IPCP, _LCP, _PAP, _CHAP = 0x0021, 0x8021, 0xC021, 0xC023, 0xC223
_MRU, _MAGIC = 1, 5
_ADDRESS = 3
_MD5 = 5
_CHALLENGE = b"hotspare laboratory"
_ECHO, _ECHO_REPLY = 8, 0


class _Discovery(IntEnum):
    """Codes of RFC 2516 §5."""

    PADI, PADO, PADR, PADS, PADT = 0x09, 0x07, 0x19, 0x65, 0xA7


class _Code(IntEnum):
    """Codes of LCP and IPCP (RFC 1661 §5); the first three are those of PAP, too."""

    REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED = 1, 2, 3, 4, 5, 6
    ECHO_REQUEST, ECHO_REPLY = 9, 10


class _Chap(IntEnum):
    """Codes of RFC 1994 §4."""

    CHALLENGE, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4


class Authentication(StrEnum):
    """How a client proves who it is."""

    PAP = "pap"
    CHAP = "chap"


class What(StrEnum):
    """What a provider notices."""

    DIALLED = "dialled"
    """PADI: somebody looks for an access concentrator."""
    CONNECTED = "connected"
    """PADS: it has a session."""
    REFUSED = "refused"
    """User or password are wrong."""
    UP = "up"
    """IPCP is through: it has an address."""
    ENDED = "ended"
    """LCP was terminated by the client."""
    HUNG_UP = "hung up"
    """PADT of the client."""


@dataclass(frozen=True, slots=True)
class Event:
    """One of these, and whose: the MAC address."""

    what: What
    mac: str
    at: float = field(default_factory=time.monotonic, compare=False)
    """Monotonic seconds."""


@dataclass(slots=True)
class _Session:
    """With one client."""

    mac: str
    client: IPv4Address
    agreed: set[int] = field(default_factory=set)
    """Protocols of which the client has acknowledged what this end wants."""
    linked: bool = False
    """What the client wants of the link is acknowledged."""
    allowed: bool = False
    up: bool = False


class Provider:
    """It is plugged in, and answers until it is unplugged with the switch."""

    def __init__(self, switch: Switch, user: str, password: str, authentication: Authentication) -> None:
        self.password = password
        """A test may change it."""
        self.silent = False
        """It does not answer anybody who dials."""
        self.authentication = authentication
        self._user = user
        self._sessions: dict[int, _Session] = {}
        self._granted = 0
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._pinged: list[tuple[IPv4Address, IPv4Address]] = []
        self._connected: dict[IPv4Address, Deliver] = {}
        self._send = switch.attach("provider", self._receive)

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything so far, oldest first."""
        with self._lock:
            return tuple(self._events)

    @property
    def pings(self) -> tuple[tuple[IPv4Address, IPv4Address], ...]:
        """Source and target of each echo request that came through a session."""
        with self._lock:
            return tuple(self._pinged)

    @property
    def online(self) -> frozenset[str]:
        """The MAC addresses of those who have a session that is through."""
        with self._lock:
            return frozenset(session.mac for session in self._sessions.values() if session.up)

    @property
    def addresses(self) -> dict[str, IPv4Address]:
        """What each of them has, by MAC address; of several sessions the newest counts."""
        with self._lock:
            return {session.mac: session.client for session in self._sessions.values() if session.up}

    def connect(self, address: IPv4Address, deliver: Deliver) -> Deliver:
        """Somebody of the Internet has this address: what clients send there is given to him, an IPv4 packet
        at a time, in the switch's thread. Returns what takes his packets; those for an address that nobody
        has any more are lost.
        """
        with self._lock:
            self._connected[address] = deliver
        return self._bring

    def drop(self) -> None:
        """All sessions are forgotten without a word, as if the provider had restarted."""
        with self._lock:
            self._sessions.clear()

    # In the switch's thread

    def _receive(self, frame: bytes) -> None:
        kind = frame[12:14]
        if kind == _DISCOVERY:
            self._discover(Ether(frame))
        elif kind == _SESSION:
            self._take(Ether(frame))

    def _note(self, what: What, mac: str) -> None:
        with self._lock:
            self._events.append(Event(what, mac))

    def _discover(self, packet: Packet) -> None:
        asked, mac = packet[PPPoED], packet.src
        match asked.code:
            case _Discovery.PADI:
                self._note(What.DIALLED, mac)
                if not self.silent:
                    self._offer(_Discovery.PADO, 0, packet)
            case _Discovery.PADR if not self.silent:
                self._offer(_Discovery.PADS, self._grant(mac), packet)
            case _Discovery.PADT:
                with self._lock:
                    self._sessions.pop(asked.sessionid, None)
                self._note(What.HUNG_UP, mac)

    def _grant(self, mac: str) -> int:
        with self._lock:
            self._granted += 1
            self._sessions[self._granted] = _Session(mac, FIRST_CLIENT + self._granted)
        self._note(What.CONNECTED, mac)
        return self._granted

    def _offer(self, code: int, session: int, packet: Packet) -> None:
        """An answer of the discovery: what the client has to recognize goes back as it came."""
        asked = packet[PPPoED_Tags].tag_list if PPPoED_Tags in packet else []
        tags = [tag for tag in asked if tag.tag_type in (_SERVICE, _HOST_UNIQ)]
        tags.append(PPPoETag(tag_type=_NAME, tag_value=b"lab"))
        answer = PPPoED(code=code, sessionid=session) / PPPoED_Tags(tag_list=tags)
        self._send(bytes(Ether(src=MAC, dst=packet.src, type=0x8863) / answer))

    def _take(self, packet: Packet) -> None:
        number = packet[PPPoE].sessionid
        with self._lock:
            session = self._sessions.get(number)
        if session is None or session.mac != packet.src:
            return
        protocol = packet[PPP].proto
        handlers: dict[int, Callable[[int, _Session, Packet], None]] = {
            _LCP: self._link,
            _PAP: self._password,
            _CHAP: self._response,
            _IPCP: self._address,
            _IPV4: self._forward,
        }
        if (handler := handlers.get(protocol)) is not None:
            handler(number, session, packet)
        else:
            content = Raw(bytes(packet[PPP].payload))
            reject = PPP_LCP_Protocol_Reject(rejected_protocol=protocol, rejected_information=content)
            self._say(number, session, _LCP, reject)

    def _say(self, number: int, session: _Session, protocol: int, content: Packet) -> None:
        header = Ether(src=MAC, dst=session.mac, type=0x8864) / PPPoE(sessionid=number)
        self._send(bytes(header / PPP(proto=protocol) / content))

    def _link(self, number: int, session: _Session, packet: Packet) -> None:
        lcp = packet[PPP].payload
        match lcp.code:
            case _Code.REQUEST:
                self._configure_link(number, session, lcp)
            case _Code.ACK:
                session.agreed.add(_LCP)
                self._challenge(number, session)
            case _Code.TERMINATE:
                self._note(What.ENDED, session.mac)
                session.up = False
                self._say(number, session, _LCP, PPP_LCP_Terminate(code=_Code.TERMINATED, id=lcp.id))
            case _Code.ECHO_REQUEST:
                self._say(
                    number, session, _LCP, PPP_LCP_Echo(code=_Code.ECHO_REPLY, id=lcp.id, magic_number=0)
                )

    def _configure_link(self, number: int, session: _Session, wanted: Packet) -> None:
        way = (
            PPP_LCP_Auth_Protocol_Option(auth_protocol=_PAP)
            if self.authentication is Authentication.PAP
            else PPP_LCP_Auth_Protocol_Option(auth_protocol=_CHAP, algorithm=_MD5)
        )
        ours = [PPP_LCP_MRU_Option(max_recv_unit=1492), way]
        self._ask(number, session, _LCP, PPP_LCP_Configure(code=_Code.REQUEST, id=1, options=ours))
        unknown = [option for option in wanted.options if option.type not in (_MRU, _MAGIC)]
        answer, options = (_Code.REJECT, unknown) if unknown else (_Code.ACK, wanted.options)
        self._say(number, session, _LCP, PPP_LCP_Configure(code=answer, id=wanted.id, options=options))
        session.linked = not unknown
        self._challenge(number, session)

    def _ask(self, number: int, session: _Session, protocol: int, request: Packet) -> None:
        """What this end wants, until it is agreed: asked again, both would begin anew (RFC 1661 §4.1)."""
        if protocol not in session.agreed:
            self._say(number, session, protocol, request)

    def _password(self, number: int, session: _Session, packet: Packet) -> None:
        if PPP_PAP_Request not in packet:
            return
        asked = packet[PPP_PAP_Request]
        given = (asked.username, asked.password)
        session.allowed = given == (self._user.encode(), self.password.encode())
        code, said = (_Code.ACK, b"") if session.allowed else (_Code.NAK, b"not known here")
        self._say(number, session, _PAP, PPP_PAP_Response(code=code, id=asked.id, message=said))
        if not session.allowed:
            self._note(What.REFUSED, session.mac)

    def _challenge(self, number: int, session: _Session) -> None:
        """Once both ends have agreed on the link."""
        if self.authentication is not Authentication.CHAP or not session.linked or _LCP not in session.agreed:
            return
        challenge = PPP_CHAP_ChallengeResponse(
            code=_Chap.CHALLENGE, id=1, value=_CHALLENGE, optional_name=b"lab"
        )
        self._say(number, session, _CHAP, challenge)

    def _response(self, number: int, session: _Session, packet: Packet) -> None:
        if PPP_CHAP_ChallengeResponse not in packet:
            return
        given = packet[PPP_CHAP_ChallengeResponse]
        if given.code != _Chap.RESPONSE:
            return
        secret = bytes([given.id]) + self.password.encode() + _CHALLENGE
        right = hashlib.md5(secret, usedforsecurity=False).digest()  # RFC 1994 §4.1
        named = given.optional_name == self._user.encode()
        session.allowed = named and hmac.compare_digest(given.value, right)
        code = _Chap.SUCCESS if session.allowed else _Chap.FAILURE
        self._say(number, session, _CHAP, PPP_CHAP(code=code, id=given.id))
        if not session.allowed:
            self._note(What.REFUSED, session.mac)

    def _address(self, number: int, session: _Session, packet: Packet) -> None:
        wanted = packet[PPP].payload
        if wanted.code == _Code.ACK:
            session.agreed.add(_IPCP)
        if wanted.code != _Code.REQUEST or not session.allowed:
            return
        own = [PPP_IPCP_Option_IPAddress(data=str(OWN))]
        self._ask(number, session, _IPCP, PPP_IPCP(code=_Code.REQUEST, id=1, options=own))
        unknown = [option for option in wanted.options if option.type != _ADDRESS]
        ours = PPP_IPCP_Option_IPAddress(data=str(session.client))
        asked = [option.data for option in wanted.options if option.type == _ADDRESS]
        if unknown:
            answer = PPP_IPCP(code=_Code.REJECT, id=wanted.id, options=unknown)
        elif asked != [str(session.client)]:
            answer = PPP_IPCP(code=_Code.NAK, id=wanted.id, options=[ours])
        else:
            answer = PPP_IPCP(code=_Code.ACK, id=wanted.id, options=wanted.options)
            if not session.up:
                session.up = True
                self._note(What.UP, session.mac)
        self._say(number, session, _IPCP, answer)

    def _bring(self, packet: bytes) -> None:
        """To the client that has the address now."""
        target = IPv4Address(packet[16:20])
        with self._lock:
            found = [each for each in self._sessions.items() if each[1].up and each[1].client == target]
        for number, session in found:
            self._say(number, session, _IPV4, Raw(packet))

    def _forward(self, number: int, session: _Session, packet: Packet) -> None:
        with self._lock:
            deliver = self._connected.get(IPv4Address(packet[IP].dst))
        if deliver is not None:
            deliver(bytes(packet[IP])[: packet[IP].len])  # Without what fills up a short frame.
            return
        if ICMP not in packet or packet[ICMP].type != _ECHO:
            return
        source, target = packet[IP].src, packet[IP].dst
        with self._lock:
            self._pinged.append((IPv4Address(source), IPv4Address(target)))
        asked = packet[ICMP]
        reply = ICMP(type=_ECHO_REPLY, id=asked.id, seq=asked.seq) / Raw(bytes(asked.payload))
        self._say(number, session, _IPV4, IP(src=target, dst=source) / reply)
