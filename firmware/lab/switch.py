"""A learning switch in user space: one thread, no privileges. With two ports and no learning it is a cable.

A QEMU whose frames nobody takes stops sending, and its guest resets the card after some seconds. So every
frame is taken at once: a receiver that stands still loses frames, and never holds the sender up.

A port is either a pair of Unix datagram sockets with a QEMU behind it (`-netdev dgram`), or a function of
this process: a client. Every frame that enters is written to a capture file. Loss and delay can be set for
each port; they apply to frames on their way out of it.
"""

import contextlib
import random
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from scapy.utils import RawPcapWriter

from firmware.lab.tags import tagged, untagged

ETHERNET = 1
"""Link type of the capture file."""
MAX_FRAME = 65536
HEADER = 14
"""Bytes of an Ethernet header: destination, source, type."""
RETRY_SECONDS = 0.002
GIVE_UP_SECONDS = 2.0
"""A receiver whose queue stays full for so long loses the frame."""
RING_FRAMES = 1024
"""What waits for one receiver at most: a network card's ring. QEMU's socket itself holds a dozen frames, so
that an emulated node which gets no processor for a moment would lose what no real one loses."""
STALL_SECONDS = 0.1
"""From which on a receiver that takes nothing is noted."""

Deliver = Callable[[bytes], None]


class ForwardingTable:
    """Which address was last seen at which port. Pure."""

    def __init__(self, learns: bool = True) -> None:
        """Knows nothing yet; one that does not learn never will."""
        self._learns = learns
        self._ports: dict[bytes, str] = {}

    def learn(self, frame: bytes, port: str) -> None:
        """Notes where the sender of a frame is."""
        source = frame[6:12]
        if self._learns and not source[0] & 1:
            self._ports[source] = port

    def destinations(self, frame: bytes, entered: str, ports: Iterable[str]) -> tuple[str, ...]:
        """Where a frame goes: the port its receiver was seen at, or every other port."""
        target = frame[:6]
        known = None if target[0] & 1 else self._ports.get(target)
        return tuple(port for port in ports if port != entered and known in (None, port))

    def forget(self, port: str) -> None:
        """Drops what was learned from a port, as a switch does when the cable is pulled."""
        self._ports = {mac: where for mac, where in self._ports.items() if where != port}


@dataclass(frozen=True, slots=True)
class Quality:
    """How bad a port is."""

    loss: float = 0.0
    """Share of the frames that vanish, 0 to 1."""
    delay: float = 0.0
    """Seconds that a frame takes."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A receiver took nothing for a while."""

    port: str
    at: float
    """When the first frame was ready for it; monotonic seconds."""
    seconds: float
    lost: int = 0
    """Frames that were given up."""


@dataclass(slots=True)
class _Port:
    """A port with what waits to leave it, as (when due, frame), oldest first."""

    deliver: Callable[[bytes], bool]
    """Hands a frame over; False: not now, its queue is full."""
    quality: Quality = Quality()
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)


class Switch:
    """A running switch."""

    def __init__(self, name: str, capture: Path, seed: int = 0, learns: bool = True) -> None:
        """Starts its thread and its capture file.

        Args:
            name: of the network.
            capture: the pcap file to write.
            seed: makes losses repeatable.
            learns: False: what enters at one port leaves at every other one, as with a cable.
        """
        self.name = name
        self.stalls: deque[Stall] = deque(maxlen=1000)
        """The latest ones, oldest first."""
        self._table = ForwardingTable(learns)
        self._ports: dict[str, _Port] = {}
        self._sockets: dict[str, tuple[socket.socket, Path]] = {}
        self._random = random.Random(seed)  # noqa: S311 - repeatable losses are wanted
        self._capture = RawPcapWriter(str(capture), linktype=ETHERNET, sync=True)
        self._capture.write_header(None)
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name=f"switch-{name}", daemon=True)
        self._thread.start()

    def attach_socket(self, port: str, local: Path, remote: Path) -> None:
        """Adds a port: datagrams that arrive at `local` are its frames, those for it go to `remote`."""
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(str(local))
        receiver.setblocking(False)
        self._sockets[port] = (receiver, local)

        def deliver(frame: bytes) -> bool:
            try:
                receiver.sendto(frame, str(remote))
            except BlockingIOError:
                return False
            except OSError:
                pass  # That node is switched off: nobody is at the other end of the cable.
            return True

        def add() -> None:
            self._ports[port] = _Port(deliver)
            self._selector.register(receiver, selectors.EVENT_READ, port)

        self._order(add)

    def attach(self, port: str, receive: Deliver, vlan: int | None = None) -> Deliver:
        """Adds a port of this process; returns the function that sends a frame into it.

        `receive` is called in the switch's thread and must not block. `vlan`: whoever is there is in that
        VLAN, and knows of no tags.
        """

        def deliver(frame: bytes) -> bool:
            own = frame if vlan is None else untagged(frame, vlan)
            if own is not None:
                receive(own)
            return True

        def send(frame: bytes) -> None:
            seen = frame if vlan is None else tagged(frame, vlan)
            self._order(lambda: self._enter(seen, port))

        self._order(lambda: self._ports.update({port: _Port(deliver)}))
        return send

    def detach(self, port: str) -> None:
        """Removes a port of this process; returns when nothing is delivered to it any more."""
        done = threading.Event()

        def remove() -> None:
            del self._ports[port]
            self._table.forget(port)
            done.set()

        self._order(remove)
        done.wait()

    def set_quality(self, port: str, quality: Quality) -> None:
        """Makes a port lose or delay frames from now on."""
        self._order(lambda: setattr(self._ports[port], "quality", quality))

    def forget(self, port: str) -> None:
        """Drops what was learned from a port whose cable was pulled."""
        self._order(lambda: self._table.forget(port))

    @property
    def port_names(self) -> tuple[str, ...]:
        """Every port that something is plugged into."""
        return tuple(self._ports)

    def close(self) -> None:
        """Stops the thread, closes every port and the capture file."""
        self._order(lambda: setattr(self, "_stopping", True))
        self._thread.join()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
        for receiver, path in self._sockets.values():
            receiver.close()
            path.unlink(missing_ok=True)
        self._capture.close()

    def _order(self, action: Callable[[], None]) -> None:
        """Lets the switch's thread do something; everything the thread owns is touched only by it."""
        self._orders.put(action)
        with contextlib.suppress(BlockingIOError):  # It is awake already, and has not even looked.
            self._wake_writer.send(b"x")

    def _loop(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._time_until_due()):
                if key.data is None:
                    self._obey()
                else:
                    self._receive(self._sockets[key.data][0], key.data)
            self._flush()

    def _obey(self) -> None:
        self._wake_reader.recv(4096)
        while not self._orders.empty():
            self._orders.get()()

    def _receive(self, receiver: socket.socket, port: str) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._enter(receiver.recv(MAX_FRAME), port)

    def _enter(self, frame: bytes, port: str) -> None:
        now = time.time()
        self._capture.write_packet(frame, sec=int(now), usec=int(now % 1 * 1e6))
        if len(frame) < HEADER:
            return
        self._table.learn(frame, port)
        for name in self._table.destinations(frame, port, self._ports):
            way_out = self._ports[name]
            if len(way_out.waiting) == RING_FRAMES:
                self._flush()
            if self._random.random() >= way_out.quality.loss and len(way_out.waiting) < RING_FRAMES:
                way_out.waiting.append((time.monotonic() + way_out.quality.delay, frame))

    def _flush(self) -> None:
        """Hands over what is due. A full receiver keeps its frames in order until it gives up on them."""
        now = time.monotonic()
        for name, port in self._ports.items():
            while port.waiting and port.waiting[0][0] <= now:
                due, frame = port.waiting[0]
                taken = port.deliver(frame)
                if not taken and now - due < GIVE_UP_SECONDS:
                    break
                port.waiting.popleft()
                self._note(Stall(name, due, now - due, int(not taken)))

    def _note(self, stall: Stall) -> None:
        """What waited behind the first frame belongs to the same stall."""
        if stall.seconds < STALL_SECONDS:
            return
        last = next((seen for seen in reversed(self.stalls) if seen.port == stall.port), None)
        if last is not None and stall.at <= last.at + last.seconds:
            self.stalls.remove(last)
            stall = Stall(last.port, last.at, stall.at + stall.seconds - last.at, last.lost + stall.lost)
        self.stalls.append(stall)

    def _time_until_due(self) -> float | None:
        """Seconds until the next frame can leave; None: nothing waits."""
        due = [port.waiting[0][0] for port in self._ports.values() if port.waiting]
        return max(RETRY_SECONDS, min(due) - time.monotonic()) if due else None
