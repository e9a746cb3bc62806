"""What a webhook's server gets: the body, what it is, and who posts."""

import base64
import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPMessage

from hadaemon.alarms.model import AlarmSettings, Body, ContentType, Webhook
from hadaemon.alarms.sender import Sender
from hadaemon.io.programs.webhook import post
from hadaemon.messenger.settings import Settings, decode, encode

PASSWORD = "se:cret"


@dataclass
class Seen:
    """What came in."""

    url: str = ""
    heads: list[HTTPMessage] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def server() -> Iterator[Seen]:
    seen = Seen()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.heads.append(self.headers)
            seen.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        seen.url = f"http://127.0.0.1:{listening.server_port}/hook"
        try:
            yield seen
        finally:
            listening.shutdown()
            thread.join()


def test_who_posts_and_what_it_is() -> None:
    with server() as seen:
        account = {"user": "hotspare", "password": PASSWORD}
        post(Webhook(seen.url, **account), b"{}", lambda _: None)
        for kind in ContentType:
            post(Webhook(seen.url, body=Body("x", kind)), "ü".encode(), lambda _: None)
    assert base64.b64decode(seen.heads[0]["Authorization"].removeprefix("Basic ")) == b"hotspare:se:cret"
    assert [head["Authorization"] for head in seen.heads[1:]] == [None] * 3
    assert [head["Content-Type"] for head in seen.heads] == [
        "application/json",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-8",
    ]
    assert seen.bodies == [b"{}", *["ü".encode()] * 3]


def test_the_messenger_gets_all_of_it() -> None:
    hook = Webhook("https://a.example.org/", None, None, 5.0, "u", PASSWORD, Body("{text}", ContentType.TEXT))
    for webhook in (hook, Webhook("https://a.example.org/", "token")):
        settings = Settings(Sender("alpha", None), AlarmSettings(webhook), ())
        assert decode(encode(settings)).alarms.webhook == webhook
    assert PASSWORD not in repr(hook)
    assert "{text}" not in repr(hook)
