"""How the node where the code is typed finds the one that shows it, when no address is configured.

The node that shows it sends beacons with its name on the hotwire's port, and its address follows from its
name. The steady beacon of a box that is not paired has no name, so that it is not mistaken for one that shows
a code. A beacon proves nothing: whoever lies in one does not know the code.
"""

import secrets
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hadaemon.config import Port
from hadaemon.hotwire.detection import INSTANCE_SIZE, Beacon, decode_beacon, encode_beacon
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.device import FrameSocket
from hadaemon.io.kernel.links import Link
from hadaemon.io.kernel.netlink import read_links
from hadaemon.pairing.wire import PairingFailed

_PERIOD = 0.2
"""Seconds between two beacons."""
_PATIENCE = 5.0
"""Seconds within which one of them must be heard."""


@contextmanager
def calling(port: Port, name: str) -> Iterator[None]:
    """Sends beacons meanwhile. Raises PortError."""
    link = _link_of(port)
    beacon = Beacon(secrets.token_bytes(INSTANCE_SIZE), name, near=False)
    frame = encode_beacon(beacon, link.mac_bytes)
    frames, done = FrameSocket(link.name, link.index), threading.Event()

    def call() -> None:
        frames.send(frame)
        while not done.wait(_PERIOD):
            frames.send(frame)

    caller = threading.Thread(target=call, name="pairing")
    caller.start()
    try:
        yield
    finally:
        done.set()
        caller.join()
        frames.close()


def caller(port: Port) -> str:
    """The name of the node that shows a code. Raises PortError, PairingFailed."""
    link = _link_of(port)
    frames = FrameSocket(link.name, link.index)
    end = time.monotonic() + _PATIENCE
    try:
        while (left := end - time.monotonic()) > 0:
            select.select([frames], [], [], left)
            for frame in frames.receive():
                beacon = decode_beacon(frame)
                if beacon is not None and beacon.name:
                    return beacon.name
    finally:
        frames.close()
    raise PairingFailed(
        f"nobody at the other end of port {port.name} ({link.name}) shows a code: is the cable plugged in, "
        "does `hactl pair show` run there, and has neither node an address for that port in its node.toml?"
    )


def _link_of(port: Port) -> Link:
    link = read_links().find(port.mac, port.vlan, port.bonded)
    if link is None:
        raise PortError(f"no network card has the MAC address of port {port.name} ({port.mac})")
    return link
