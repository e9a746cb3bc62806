"""Pairing over TCP on the hotwire: one attempt a connection, bounded lines, a deadline for everything."""

import errno
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address
from typing import TypeVar

from hadaemon.errors import HadaemonError
from hadaemon.io.errors import EdgeError
from hadaemon.pairing.protocol import (
    MAX_LINE,
    MAX_TRIES,
    Card,
    Exchange,
    Paired,
    Part,
    WrongCode,
    is_stored,
    stored,
    wrong,
)
from hadaemon.sync.errors import SyncError

PORT = 3783
SHOWN = 180.0
"""Seconds for which a code is good."""
_STEP = 20.0
"""Seconds for one line, for the connection, and until the own address is there: for 5 to 9 of them networkd
asks whether somebody else has a link-local one (RFC 3927 §2.2.1)."""
_AGAIN = 0.2
"""Seconds until the next attempt."""


_Result = TypeVar("_Result")


class PairingFailed(EdgeError):
    """Nobody came, or the tries are used up."""


def patiently(use_address: Callable[[], _Result], patience: float = _STEP) -> _Result:
    """Does it as soon as this node has the address that it binds. Raises OSError."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return use_address()
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL or time.monotonic() >= deadline:
                raise
        time.sleep(_AGAIN)


def show(
    own: Card, code: str, address: IPv4Address, store: Callable[[Paired], None], shown: float = SHOWN
) -> Paired:
    """Waits for the other side, which types the code. `store` keeps what was agreed on, before the other
    side learns of it. Raises PairingFailed."""
    deadline = time.monotonic() + shown
    tries = 0
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            patiently(lambda: listener.bind((str(address), PORT)))
            listener.listen(1)
        except OSError as error:
            raise PairingFailed(f"{address} port {PORT}: {error.strerror}: is the hotwire set up?") from error
        while tries < MAX_TRIES:
            left = deadline - time.monotonic()
            if left <= 0:
                raise PairingFailed(f"nobody typed the code within {shown:g} s: begin again")
            listener.settimeout(left)
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                try:
                    return _shown(connection, Exchange(Part.SHOWS, code, own), store)
                except WrongCode:
                    with suppress(OSError):
                        connection.sendall(wrong())
                    tries += 1
                except (HadaemonError, OSError) as error:
                    # A broken attempt is a guess too: nobody gets more of them by breaking off.
                    tries += 1
                    last = error
                    if tries == MAX_TRIES:
                        raise PairingFailed(f"the code is void after {tries} attempts: {last}") from error
    raise PairingFailed(f"{MAX_TRIES} wrong codes were typed: this one is void, begin again")


def type_in(
    own: Card, code: str, own_address: IPv4Address, peer: IPv4Address, store: Callable[[Paired], None]
) -> Paired:
    """Connects to the side that shows the code. Raises WrongCode, PairingFailed."""
    try:
        connection = patiently(
            lambda: socket.create_connection((str(peer), PORT), _STEP, (str(own_address), 0))
        )
    except OSError as error:
        raise PairingFailed(
            f"{peer} does not wait for a pairing ({error}): is the cable plugged in, and does "
            "`hactl pair show` run there?"
        ) from error
    with connection:
        exchange = Exchange(Part.TYPES, code, own)
        lines = _Lines(connection)
        try:
            connection.sendall(exchange.opening())
            exchange.take_opening(lines.next())
            connection.sendall(exchange.card())
            paired = exchange.take_card(lines.next())
            store(paired)
            connection.sendall(stored())
            if not is_stored(lines.next()):
                raise SyncError("the other side has not stored the key: begin again")
        except OSError as error:
            raise PairingFailed(f"{peer}: the connection broke: begin again ({error})") from error
    return paired


def _shown(connection: socket.socket, exchange: Exchange, store: Callable[[Paired], None]) -> Paired:
    lines = _Lines(connection)
    connection.sendall(exchange.opening())
    exchange.take_opening(lines.next())
    paired = exchange.take_card(lines.next())
    connection.sendall(exchange.card())
    if not is_stored(lines.next()):
        raise SyncError("the other side has not stored the key")
    store(paired)
    connection.sendall(stored())
    return paired


class _Lines:
    """Lines of a connection, each bounded in size and time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""

    def next(self) -> bytes:
        """The next line, without its end."""
        deadline = time.monotonic() + _STEP
        while b"\n" not in self._data:
            self._connection.settimeout(max(0.01, deadline - time.monotonic()))
            chunk = self._connection.recv(MAX_LINE)
            self._data += chunk
            if not chunk or len(self._data) > 2 * MAX_LINE or time.monotonic() > deadline:
                raise SyncError("the other side has broken off")
        line, _, self._data = self._data.partition(b"\n")
        if len(line) > MAX_LINE:
            raise SyncError("the other side does not pair properly")
        return line
