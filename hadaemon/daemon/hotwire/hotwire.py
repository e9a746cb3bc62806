"""The hotwire at work: bound to its port by MAC, followed through hotplug, heard and spoken to.

It posts what the other node says into the engine, and sends what our node says of itself: at each change, and
regularly as a sign of life.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from hadaemon.cluster import Event, HotwireChanged
from hadaemon.daemon.hotwire.ears import Around, Ears
from hadaemon.daemon.hotwire.plan import HotwirePlan
from hadaemon.daemon.hotwire.streams import Streams, Watcher
from hadaemon.daemon.hotwire.vitals import VitalSigns
from hadaemon.daemon.ports.network import Network
from hadaemon.hotwire.heartbeat import Heartbeat
from hadaemon.hotwire.message import Kind, Life
from hadaemon.hotwire.report import encode_report
from hadaemon.hotwire.stream import Stream
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.hotwire_sockets import BATCH, HeartbeatSocket
from hadaemon.status.keys import Keys
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds until a socket that could not be opened is tried again."""
_NONCE_BITS = 64
_ALONG = 0.75
"""Of an interval: a heartbeat is sent so early if the daemon is awake anyway. Waking up costs more than the
heartbeat: so it goes with the advertisements, or with the answer to the other node's."""


class Hotwire:
    """One life of the hotwire, from the start of a session to its end."""

    def __init__(
        self,
        plan: HotwirePlan,
        vitals: VitalSigns,
        network: Network,
        loop: asyncio.AbstractEventLoop,
        post: Callable[[Event], None],
        catch_up: Callable[[], bool],
    ) -> None:
        """`post` takes what arrives. `catch_up` lets the node see what time it is before it is spoken for:
        what it believed before the process stood still may be over. False: it cannot now."""
        self.plan = plan
        self._vitals = vitals
        self._since = loop.time()
        self._network = network
        self._loop = loop
        self._post = post
        self._catch_up = catch_up
        self._life = self._another_life()
        config = plan.config
        self._interval = config.interval / 1000
        """Seconds."""
        self.heartbeat = Heartbeat(plan.node, self._life, plan.secret, config.interval, config.missed)
        around = Around(post, self.read_waiting, self._introduced, self._silent, self._heard)
        self._ears = Ears(self.heartbeat, plan.ends.peer, loop, around)
        self._socket: HeartbeatSocket | None = None
        self._streams: Streams | None = None
        self._index: int | None = None
        """Of the link that the sockets are bound to."""
        self._peer: Peer | None = None
        """What our node says of itself."""
        self._body: tuple[Report, bytes] | None = None
        """Of the last report."""
        self._sent_at = 0.0
        """Monotonic seconds; infinite: no more heartbeats."""
        self._carrier: bool | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self.failure: str | None = None
        """Why the port, which is there, cannot be used."""
        self.sent = 0
        """Heartbeats."""

    # from outside

    def start(self, peer: Peer) -> None:
        """Begins to listen and to speak."""
        self._peer = peer
        self._since = self._loop.time()
        self.refresh()
        self._next_beat()

    def tell(self, peer: Peer) -> None:
        """Our node, as it is now: sent at once when it is news, and along with other work when it is due
        soon."""
        if peer != self._peer:
            if self._peer is None or peer.state is not self._peer.state:
                self._since = self._loop.time()
            self._peer = peer
            self._send()
        else:
            self._send_along()

    def refresh(self) -> None:
        """Links or addresses are not what they were."""
        link = self.link
        wanted = link.index if link is not None and self._has_address(link) else None
        if wanted != self._index or (wanted is not None and self._socket is None):
            self._close_sockets()
            if wanted is not None:
                self._open_sockets(wanted)
        carrier = link is not None and link.carrier
        if carrier != self._carrier:
            self._carrier = carrier
            log.info(
                "hotwire: port %s %s", self.plan.port.name, "has a carrier" if carrier else "has no carrier"
            )
            self._post(HotwireChanged(carrier))
            if carrier:
                self._send()

    def goodbye(self, reason: str) -> None:
        """This node leaves on purpose. Said twice: on the connection, and in a datagram."""
        if self._streams is not None:
            self._streams.close(Kind.GOODBYE, reason)
            self._streams = None
        if self._socket is not None:
            try:
                self._socket.send(self.heartbeat.message(Kind.GOODBYE, reason.encode()))
            except PortError as error:
                log.info("%s", error)

    def close(self) -> None:
        """Closes what is open. The other node does not take us for dead: we come back, or have said
        goodbye."""
        self._close_sockets()
        self._sent_at = math.inf
        self._ears.close()
        for timer in (self._beat, self._retry):
            if timer is not None:
                timer.cancel()

    def carry(self, pieces: Sequence[bytes]) -> bool:
        """Sends some pieces of what the other node needs to take over. False: not now."""
        return self._streams is not None and self._streams.carry(pieces)

    @property
    def peer_life(self) -> Life | None:
        """Which life of the peer's daemon is at the other end of the connection; None: none."""
        return self._streams.peer_life if self._streams is not None else None

    @property
    def link(self) -> Link | None:
        """The link that the port is now."""
        return self._network.table.find(self.plan.port.mac, bonded=self.plan.port.bonded)

    @property
    def connected(self) -> bool:
        """There is a connection whose end would tell that the peer's daemon died."""
        return self._streams is not None and self._streams.connected

    @property
    def peer_address(self) -> IPv4Address | None:
        """From where the other node speaks; None: not known yet."""
        return self._ears.peer_address

    @property
    def last_word(self) -> str:
        """How the other node ended, if it did: empty while it lives or is only silent."""
        return self._ears.last_word

    def own_vitals(self) -> Vitals:
        """What is told of this node."""
        return self._vitals.measure(self._loop.time(), self._since)

    # sockets

    def _has_address(self, link: Link) -> bool:
        present = {address.interface.ip for address in self._network.table.addresses(link.index)}
        own = self.plan.ends.own
        if own.ip in present:
            self.failure = None
            return True
        self.failure = f"its own address {own} is not on it: `hactl reload` sets it"
        return False

    def _open_sockets(self, index: int) -> None:
        own = self.plan.ends.own.ip
        try:
            self._socket = HeartbeatSocket(index, own, self.plan.ends.peer)
            ears, carried = self._ears, self.plan.carried
            watcher = Watcher(died=ears.died, left=ears.left, dropped=ears.dropped, carried=carried)
            self._streams = Streams(index, own, self._stream, watcher, self._loop)
        except PortError as error:
            self.failure = str(error)
            log.error("%s", error)
            self._close_sockets()
            self._retry = self._retry or self._loop.call_later(_RETRY, self._try_again)
            return
        self._index = index
        self._loop.add_reader(self._socket.fileno(), self._receive)

    def _close_sockets(self) -> None:
        self._index = None
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._streams is not None:
            self._streams.close(Kind.PAUSE)
            self._streams = None

    def _try_again(self) -> None:
        self._retry = None
        self.refresh()

    def _stream(self, challenge: bytes) -> Stream:
        return Stream(self.plan.node, self._life, self.plan.secret, challenge)

    # speaking

    def _next_beat(self) -> None:
        """Sends, and sets the time of the next one; beats that were missed are not made up for."""
        if self._beat is not None:
            self._beat.cancel()
        # First, so that what the node says when it catches up does not begin another beat.
        self._sent_at = self._loop.time()
        self._beat = self._loop.call_at(self._sent_at + self._interval, self._next_beat)
        if self._catch_up():
            self._send()

    def _send_along(self) -> None:
        if self._loop.time() >= self._sent_at + _ALONG * self._interval:
            self._next_beat()

    def _send(self) -> None:
        if self._socket is None or self._peer is None or not self._carrier:
            return
        vitals = self.own_vitals()
        keying = self.plan.protection.keying
        keys = keying.told if keying is not None else Keys()
        last = self._body[0] if self._body is not None else None
        if last is None or last.peer is not self._peer or last.vitals is not vitals or last.keys != keys:
            report = Report(self._peer, vitals, keys)
            self._body = report, encode_report(report)
        assert self._body is not None
        try:
            self._socket.send(self.heartbeat.message(Kind.REPORT, self._body[1]))
        except PortError as error:
            self._note_failure(str(error))
        else:
            self.sent += 1
            self.failure = None

    def _note_failure(self, failure: str) -> None:
        if self.failure != failure:
            log.warning("%s", failure)
        self.failure = failure

    # listening

    def _receive(self) -> None:
        """One at a time: mostly there is no other, and the loop comes back if there is."""
        self._take_up_to(1)
        self._send_along()

    def read_waiting(self) -> None:
        """Takes in what has arrived, up to a batch."""
        self._take_up_to(BATCH)

    def _take_up_to(self, count: int) -> None:
        if self._socket is None:
            return
        for data, source in tuple(self._socket.receive(count)):
            self._ears.take(data, source)

    def _another_life(self) -> Life:
        return Life(self.plan.next_epoch(), secrets.randbits(_NONCE_BITS) or 1)

    def _silent(self) -> None:
        """The other node is. It learns of our new life by our next heartbeat."""
        self._life = self._another_life()
        self.heartbeat.begin_life(self._life)

    def _introduced(self) -> None:
        """The other node has just begun, and knows nothing of ours."""
        if self._catch_up():
            self._send()

    def _heard(self, source: IPv4Address, life: Life) -> None:
        protection, report = self.plan.protection, self.heartbeat.report
        keying = protection.keying
        if keying is not None and report is not None and keying.hear(report.peer.name, report.keys):
            protection.changed()
        if self._streams is not None and protection.stands:
            self._streams.peer_heard(source, life)
