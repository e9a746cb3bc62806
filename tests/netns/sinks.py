"""Receivers of alarms: a web server and a mail server, each in a thread."""

import base64
import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, cast

from .waiting import stretched


@dataclass(frozen=True)
class Certificates:
    """A CA, and what it has signed for `names`."""

    ca: Path
    server: Path
    """Certificate and key."""

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def make_certificates(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificates:
    """With openssl, in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = (
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    )
    openssl(*new, "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName={names}")
    usage = ("-addext", "basicConstraints=critical,CA:FALSE")
    openssl(*new, *signed, *usage, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.crt")
    both = (folder / "server.crt").read_text() + (folder / "server.key").read_text()
    (folder / "server.pem").write_text(both)
    return Certificates(folder / "ca.pem", folder / "server.pem")


@dataclass
class Web:
    """What was posted: path, headers, body, and from where."""

    port: int = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    status: int = 204
    drip: float = 0.0
    """Seconds between two bytes of the answer; 0: it answers at once."""

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(post["body"]) for post in self.posts]


@contextlib.contextmanager
def web(address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A web server that takes everything."""
    seen = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.posts.append(
                {
                    "path": self.path,
                    "headers": dict(self.headers),
                    "body": body,
                    "from": self.client_address[0],
                }
            )
            if seen.drip:
                with contextlib.suppress(OSError):
                    for letter in b"HTTP/1.1 204 " + b"x" * 1000:
                        self.wfile.write(bytes([letter]))
                        time.sleep(seen.drip)
                return
            self.send_response(seen.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    seen.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Letters:
    """What arrived at the mail server."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str | None = None
    """Who does not say it is refused; None: nobody is asked."""
    refuse: bool = False
    """Every recipient."""


@contextlib.contextmanager
def smtp(
    tls: ssl.SSLContext | None = None, at_once: bool = False, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Letters]:
    """RFC 5321, as much of it as a relay's client needs. `at_once`: TLS from the first byte."""
    seen = Letters()
    listener = socket.create_server((address, port))
    listener.settimeout(0.1)
    seen.port = listener.getsockname()[1]
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):
                connection, source = listener.accept()
                seen.sources.append(source[0])
                with connection:
                    connection.settimeout(stretched(10))
                    _converse(connection, seen, tls, at_once)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
        listener.close()


def _converse(connection: socket.socket, seen: Letters, tls: ssl.SSLContext | None, at_once: bool) -> None:
    """One client, until it has had enough; with TLS when it asks for it, or from the first byte."""
    if not at_once:
        with connection.makefile("rwb") as file:
            if not _speak(cast(BinaryIO, file), seen, offers=tls is not None, greets=True):
                return
    assert tls is not None
    with tls.wrap_socket(connection, server_side=True) as secured, secured.makefile("rwb") as file:
        _speak(cast(BinaryIO, file), seen, offers=False, greets=at_once)


def _speak(file: BinaryIO, seen: Letters, offers: bool, greets: bool) -> bool:
    """Whether the client wants TLS now."""

    def say(text: str) -> None:
        file.write(f"{text}\r\n".encode())
        file.flush()

    if greets:
        say("220 sink ESMTP")
    while line := file.readline().decode().strip():
        match line.split(" ")[0].upper():
            case "EHLO":
                say(
                    "\r\n".join(
                        ["250-sink", *(["250-STARTTLS"] if offers else []), "250-AUTH PLAIN", "250 8BITMIME"]
                    )
                )
            case "STARTTLS":
                say("220 go on")
                return True
            case "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                seen.logins.append((user, password))
                say("235 good" if password == seen.password else "535 wrong password")
            case "RCPT":
                seen.recipients.append(line.partition("<")[2].partition(">")[0])
                say("550 unknown here" if seen.refuse else "250 ok")
            case "DATA":
                say("354 go on")
                lines = []
                while (text := file.readline().decode()) != ".\r\n":
                    lines.append(text.rstrip("\r\n"))
                seen.mails.append("\n".join(lines))
                say("250 taken")
            case "QUIT":
                say("221 bye")
                return False
            case _:
                say("250 ok")
    return False
