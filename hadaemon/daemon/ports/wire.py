"""From advertisements to packets and back, as the configuration of [vrrp] has it."""

import asyncio

from hadaemon.config import ClusterConfig
from hadaemon.daemon.ports.plan import HaPort
from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.io.packets.vrrp_socket import Packet
from hadaemon.vrrp import (
    Advertisement,
    Checking,
    Discard,
    DiscardReason,
    IPAddress,
    Password,
    Sealing,
    Signatures,
    Verifier,
    Vrid,
    decode,
    encode,
)
from hadaemon.vrrp.bounds import step_of
from hadaemon.vrrp.timers import seconds


class Wire:
    """Version, checksum and authentication of everything that a node sends and takes in."""

    def __init__(self, cluster: ClusterConfig, sequences: Sequences, loop: asyncio.AbstractEventLoop) -> None:
        vrrp = cluster.vrrp
        self._sequences = sequences
        self._loop = loop
        self._version = vrrp.version
        self._checksum = vrrp.checksum
        self._sealing: Sealing = None
        self._checking: Checking = None
        self._verifier: Verifier | None = None
        self._packed: dict[tuple[Vrid, IPAddress], tuple[tuple[Advertisement, IPAddress], bytes]] = {}
        """What was said last, and how."""
        match vrrp.authentication:
            case Password() as password:
                self._sealing = self._checking = password
            case Signatures() as signatures:
                vrids = {interface.vrid for interface in cluster.ha_interfaces}
                marks = sequences.heard(step_of(cluster.virtual_routers, seconds(cluster.intervals[0])))
                self._checking = self._verifier = Verifier(signatures, vrids, marks)
                self._sealing = sequences.signer(signatures) if signatures.mode.signs else None

    def pack(self, advertisement: Advertisement, source: IPAddress, destination: IPAddress) -> bytes:
        """What to send, without IP header. An active node says the same again and again: that is made once,
        unless each message is signed anew."""
        if self._sealing is not None and not isinstance(self._sealing, Password):
            return encode(advertisement, source, destination, self._checksum, self._sealing)
        said = advertisement, source
        last = self._packed.get((advertisement.vrid, destination))
        if last is None or last[0] != said:
            last = said, encode(advertisement, source, destination, self._checksum, self._sealing)
            self._packed[advertisement.vrid, destination] = last
        return last[1]

    def unpack(self, packet: Packet, port: HaPort) -> Advertisement:
        """What a packet says, once it has passed the receive checks; raises Discard."""
        if port.unicast is not None and packet.source not in port.peers:
            raise Discard(DiscardReason.UNKNOWN_PEER)
        advertisement = decode(
            packet.payload, packet.source, packet.destination, packet.ttl, self._version, self._checking
        )
        self._note()
        return advertisement

    def _note(self) -> None:
        if self._verifier is not None and self._verifier.latest is not None:
            self._sequences.note(*self._verifier.latest, self._loop.time())
