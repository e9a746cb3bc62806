"""A web server on one of the lab's networks that can send parts of a file (RFC 9110 §14), and counts them."""

import contextlib
import http.server
import re
import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Interface
from pathlib import Path

from firmware.lab.lab import Lab
from firmware.lab.namespaces import Namespaces
from tests.lab.host import Host

from .conftest import VIRTUAL

_PORT = 8000
_CHUNK = 1 << 16
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


class Web:
    """What it serves, and how much of it went out."""

    def __init__(self, files: dict[str, Path], url: str) -> None:
        self.files = files
        """By the name in the URL."""
        self.url = url
        self.sent = 0
        """Bytes of files."""

    def answers(self) -> type[http.server.BaseHTTPRequestHandler]:
        """The handler of requests."""
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(content=False)

            def do_GET(self) -> None:
                self._answer(content=True)

            def log_message(self, *_: object) -> None:
                """The node's own words are what counts."""

            def _answer(self, content: bool) -> None:
                path = web.files.get(self.path.removeprefix("/"))
                if path is None:
                    self.send_error(404)
                    return
                size = path.stat().st_size
                wanted = _RANGE.match(self.headers.get("Range", ""))
                first, last = (int(wanted[1]), int(wanted[2] or size - 1)) if wanted else (0, size - 1)
                last = min(last, size - 1)
                self.send_response(206 if wanted else 200)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(last - first + 1))
                if wanted:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.end_headers()
                if content:
                    self._send(path, first, last - first + 1)

            def _send(self, path: Path, first: int, left: int) -> None:
                with path.open("rb") as file, contextlib.suppress(ConnectionError):
                    file.seek(first)
                    while left and (chunk := file.read(min(left, _CHUNK))):
                        self.wfile.write(chunk)
                        left -= len(chunk)
                        web.sent += len(chunk)

        return Handler


@contextlib.contextmanager
def serving(lab: Lab, files: dict[str, Path]) -> Iterator[Web]:
    """On the LAN, until its end."""
    with Namespaces() as namespaces:
        host = Host(namespaces.make("web"), lab.switch("lan"), "52:54:00:48:d0:03")
        host.settle(IPv4Interface("192.168.12.70/24"), VIRTUAL["client"])
        web = Web(files, f"http://{host.address}:{_PORT}")
        server = http.server.ThreadingHTTPServer(("", 0), web.answers(), bind_and_activate=False)
        server.socket.close()
        server.socket = host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.socket.bind((str(host.address), _PORT))
        server.server_activate()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            host.close()
