"""Real traffic between two real hosts beyond the pair: what an administrator's users would lose, or not."""

import contextlib
import hashlib
import os
import selectors
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Interface
from itertools import pairwise
from pathlib import Path

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab
from firmware.lab.namespaces import Namespaces
from tests.lab.host import Host

from .conftest import VIRTUAL

ECHO_PORT = 7
DOWNLOAD_PORT = 8080
_BLOCK = 8192
_PATIENCE = 60.0
"""Seconds that an end waits for the other one before it gives up."""
_BLOCK_SECONDS = 0.05
_PERIOD = 0.05
"""Seconds from one datagram of a flow to the next."""
_RECORD = struct.Struct("!QQ")
_ECHO_REQUEST, _ECHO_ID = 8, 0x4853
SECOND = "192.168.12.61"
"""Another address of the host on the LAN."""


def _by_hand(host: Host) -> None:
    """The host on the LAN, as somebody would set it up who has no DHCP server."""
    host.settle(IPv4Interface("192.168.12.60/24"), VIRTUAL["client"])
    host.namespace.run("ip", "address", "add", f"{SECOND}/24", "dev", "eth0")


@contextlib.contextmanager
def two_hosts(gateway: Lab, settle: Callable[[Host], object] = _by_hand) -> Iterator[tuple[Host, Host]]:
    """A on the LAN and B on the WAN, each with the cluster's address as its gateway; `settle` gives A its."""
    with Namespaces() as namespaces:
        inner = Host(namespaces.make("A"), gateway.switch("lan"), "52:54:00:48:d0:01")
        outer = Host(namespaces.make("B"), gateway.switch("wan"), "52:54:00:48:d0:02")
        try:
            settle(inner)
            outer.settle(IPv4Interface("192.168.175.60/24"), VIRTUAL["router"])
            yield inner, outer
        finally:
            for end in (inner, outer):
                end.close()


def pass_through_each(lab: Lab, inner: Host, outer: Host, seconds: float) -> Iterator[str]:
    """A host on the LAN reaches one outside as the pair, whose change by a planned switch it does not notice.
    The names of the nodes as each of them is active, alpha first; `seconds` for each step."""
    alpha, beta = lab.node("alpha"), lab.node("beta")
    with contextlib.closing(Server(outer)) as server:
        session = Session(inner, server)
        for active, backup in ((alpha, beta), (beta, alpha)):
            if active.status()["status"]["state"] != "active":
                backup.wait_until("hactl switch", seconds)
                active.wait_for_state("active", seconds)
            for each in (session, Session(inner, server)):
                assert each.check(seconds)[0] == str(VIRTUAL["router"]), "it comes from the pair's address"
            yield active.name


def _stream() -> Iterator[bytes]:
    """Blocks of which no two are alike."""
    number = 0
    while True:
        yield hashlib.sha256(number.to_bytes(8, "big")).digest() * (_BLOCK // 32)
        number += 1


class Server:
    """Echoes UDP and TCP on port 7 or another one, and serves an endless download, until it is closed."""

    def __init__(self, host: Host, port: int = ECHO_PORT) -> None:
        self.address = str(host.address)
        self.port = port
        self.seen: dict[bytes, tuple[str, int]] = {}
        """From where each line came in over TCP, as the server sees it."""
        self.served = hashlib.sha256()
        self._end = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._udp = host.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((self.address, port))
        self._udp.setblocking(False)
        self._selector.register(self._udp, selectors.EVENT_READ, self._echo_datagram)
        for number, accept in ((port, self._accept_echo), (DOWNLOAD_PORT, self._accept_download)):
            listener = host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.address, number))
            listener.listen()
            self._selector.register(listener, selectors.EVENT_READ, accept)
        self._threads = [threading.Thread(target=self._loop)]
        self._threads[0].start()

    def end_downloads(self) -> None:
        """Downloads end after the present block, and echoes too."""
        self._end.set()
        for thread in self._threads[1:]:
            thread.join()

    def close(self) -> None:
        self.end_downloads()
        self._threads[0].join()
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _loop(self) -> None:
        while not self._end.is_set():
            for key, _ in self._selector.select(0.2):
                key.data(key.fileobj)

    def _echo_datagram(self, udp: socket.socket) -> None:
        content, source = udp.recvfrom(2048)
        udp.sendto(content, source)

    def _accept_echo(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, self._echo_stream)

    def _echo_stream(self, connection: socket.socket) -> None:
        content = b""
        with contextlib.suppress(OSError):
            content = connection.recv(2048)
        if not content:
            self._selector.unregister(connection)
            connection.close()
            return
        for line in content.splitlines():
            self.seen[line] = connection.getpeername()
        connection.sendall(content)

    def _accept_download(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
        self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        with connection, contextlib.suppress(OSError):
            for block in _stream():
                connection.sendall(block)
                self.served.update(block)
                if self._end.wait(_BLOCK_SECONDS):
                    return


class Download:
    """A TCP download that runs as long as the server sends."""

    def __init__(self, host: Host, server: Server) -> None:
        self._server = server
        self._socket = host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(_PATIENCE)
        self._socket.connect((server.address, DOWNLOAD_PORT))
        self._received = hashlib.sha256()
        self.bytes = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def check(self, seconds: float) -> None:
        """It goes on."""
        before = self.bytes
        wait_until(lambda: self.bytes > before, Deadline(seconds), "more of the download")

    def finish(self) -> None:
        """It ends, and what arrived is what was sent."""
        self._server.end_downloads()
        self._thread.join()
        assert self.bytes > 1 << 20
        assert self._received.digest() == self._server.served.digest()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while block := self._socket.recv(1 << 16):
                self._received.update(block)
                self.bytes += len(block)


class Session:
    """A TCP connection that is typed into."""

    def __init__(
        self, host: Host, server: Server, source: str = "", seconds: float = 20, address: str = ""
    ) -> None:
        """`source`: the host's address; `address`: where the server is to be reached, if not at its own."""
        self._server = server
        self._socket = host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        if source:
            self._socket.bind((source, 0))
        self._socket.connect((address or server.address, server.port))
        self._typed = 0

    def check(self, seconds: float) -> tuple[str, int]:
        """A line comes back; returns where the server says that it came from."""
        assert self.passes(seconds), f"nothing came back within {seconds:g} s"
        return self._server.seen[self._line]

    def passes(self, seconds: float) -> bool:
        """Whether a line comes back."""
        self._typed += 1
        with contextlib.suppress(OSError):
            self._socket.settimeout(seconds)
            self._socket.sendall(self._line + b"\n")
            received = b""
            while not received.endswith(self._line + b"\n"):
                content = self._socket.recv(2048)
                if not content:
                    return False
                received += content
            return True
        return False

    @property
    def _line(self) -> bytes:
        return f"{self._socket.fileno()}:{self._typed}".encode()


class Flow:
    """Datagrams at a steady pace, each of which is to come back; in a thread."""

    def __init__(
        self, send: Callable[[bytes], None], receive: Callable[[], bytes], period: float = _PERIOD
    ) -> None:
        """Begins.

        Args:
            send: one datagram with this content.
            receive: the content of the next one that came back; raises BlockingIOError.
            period: seconds from one to the next.
        """
        self._send, self._receive, self._period = send, receive, period
        self.sent = 0
        """Datagrams."""
        self._answered: list[float] = []
        """Monotonic seconds at which those that came back were sent, in their order."""
        self._open: dict[int, float] = {}
        """By their numbers, when those that did not come back were sent."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def check(self, seconds: float) -> None:
        """It goes on."""
        before = len(self._answered)
        wait_until(lambda: len(self._answered) > before + 1, Deadline(seconds), "more of the flow")

    def gap(self, since: float) -> float:
        """The longest time without an answered datagram after that moment, in seconds."""
        answered = [when for when in self._answered if when >= since - 1]
        return max((after - before for before, after in pairwise(answered)), default=float("inf"))

    @property
    def lost(self) -> int:
        """Datagrams that did not come back."""
        return self.sent - len(self._answered)

    def lost_at(self, before: float) -> list[float]:
        """When those that did not come back were sent, of those that were sent before; monotonic seconds."""
        return [at for at in list(self._open.values()) if at < before]

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._end.wait(self._period):
            self.sent = number = number + 1
            self._open[number] = time.monotonic()
            with contextlib.suppress(OSError):
                self._send(_RECORD.pack(number, 0))
            with contextlib.suppress(OSError, struct.error):
                while True:
                    answer, _ = _RECORD.unpack(self._receive())
                    if answer in self._open:
                        self._answered.append(self._open.pop(answer))


def udp_flow(host: Host, server: Server, source: str = "") -> Flow:
    """UDP to the echo server, from one port all the time."""
    udp = host.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((source or str(host.address), 0))
    udp.connect((server.address, ECHO_PORT))
    udp.setblocking(False)
    return Flow(lambda content: udp.sendall(content), lambda: udp.recv(2048))


def icmp_flow(host: Host, target: str, period: float = _PERIOD) -> Flow:
    """One long ping; `period` is seconds."""
    icmp = host.namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.connect((target, 0))
    icmp.setblocking(False)

    def send(content: bytes) -> None:
        number = int.from_bytes(content[:8], "big") & 0xFFFF
        plain = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, _ECHO_ID, number) + content
        icmp.sendall(plain[:2] + _checksum(plain).to_bytes(2, "big") + plain[4:])

    return Flow(send, lambda: icmp.recv(2048)[28:], period)


def _checksum(content: bytes) -> int:
    """RFC 1071, of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Ssh:
    """A real SSH session: Debian's client on one host, Debian's server on the other one, and a terminal."""

    def __init__(self, client: Host, server: Host, folder: Path) -> None:
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        authorized = folder / "authorized"
        authorized.write_text((folder / "user.pub").read_text())
        Path("/run/sshd").mkdir(exist_ok=True)
        settings = (
            f"ListenAddress={server.address}",
            f"HostKey={folder / 'host'}",
            f"AuthorizedKeysFile={authorized}",
            "PidFile=none",
            "StrictModes=no",
            "UsePAM=no",
            "TCPKeepAlive=no",
        )
        options = [word for setting in settings for word in ("-o", setting)]
        log = folder / "sshd.log"
        # In a process namespace of its own, so that its children of the sessions end with it.
        alone = ("unshare", "--pid", "--fork", "--kill-child")
        server.namespace.start(*alone, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *options, log=log)
        wait_until(lambda: "Server listening" in log.read_text(), Deadline(10), "the SSH server")
        self._process = client.namespace.start(
            *("ssh", "-tt", "-F", "/dev/null", "-i", str(folder / "user")),
            *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}"),
            *("-o", "ServerAliveInterval=0", "-o", "TCPKeepAlive=no", str(server.address)),
            "stty -echo; echo ready; exec cat",
            log=folder / "ssh.log",
            piped=True,
        )
        assert self._process.stdout
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._heard = ""
        self._typed = 0
        self._wait_for("ready", 30)

    def check(self, seconds: float) -> None:
        """What is typed comes back."""
        assert self._process.stdin
        self._typed += 1
        self._process.stdin.write(f"typed {self._typed}\n")
        self._process.stdin.flush()
        self._wait_for(f"typed {self._typed}", seconds)

    def _wait_for(self, text: str, seconds: float) -> None:
        def heard() -> bool:
            with contextlib.suppress(BlockingIOError):
                self._heard += os.read(self._output, 4096).decode()
            return text in self._heard

        wait_until(heard, Deadline(seconds), f"{text!r} over SSH", explain=lambda: self._heard[-200:])


def connects(host: Host, target: str, port: int, seconds: float = 1.5) -> bool:
    """Whether a TCP connection can be opened."""
    with host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(seconds)
        with contextlib.suppress(OSError):
            probe.connect((target, port))
            return True
    return False
