"""An HTTP POST, from an own address, verified, within a time. Blocking. No error repeats the address."""

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from hadaemon.alarms.model import ContentType, Webhook
from hadaemon.io.errors import EdgeError

Source = Callable[[IPv4Address | IPv6Address], str | None]
"""The own address to speak to another one from; None: whichever the kernel takes."""

_AGENT = "hotspare"


class DeliveryError(EdgeError):
    """It did not arrive, as far as we know."""


def post(webhook: Webhook, body: bytes, source: Source) -> None:
    """Raises DeliveryError. Redirections are not followed: the token would go there too."""
    parts = urlsplit(webhook.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    headers = {"Content-Type": _content_type(webhook), "User-Agent": _AGENT, "Connection": "close"}
    if webhook.token is not None:
        headers["Authorization"] = f"Bearer {webhook.token}"
    elif webhook.password is not None:
        account = f"{webhook.user}:{webhook.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(account).decode()}"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sock = _connected(host, port, webhook.timeout, source)
    # The time limit holds for all reads together, not only for each one: at its end the connection is cut.
    handle = sock.dup()  # TLS makes another object of the socket.
    end = threading.Timer(webhook.timeout, _cut, (handle,))
    end.start()
    try:
        status = _exchange(
            _secured(sock, host, webhook.ca) if secure else sock, parts.netloc, path, body, headers
        )
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(f"{host}: its certificate is not trusted: {error.verify_message}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(f"{host}: {_reason(error)}") from error
    finally:
        end.cancel()
        handle.close()
        sock.close()
    if not 200 <= status < 300:
        raise DeliveryError(f"{host}: answers {status} {http.client.responses.get(status, '')}".rstrip())


def _content_type(webhook: Webhook) -> str:
    kind = ContentType.JSON if webhook.body is None else webhook.body.content_type
    return f"{kind}; charset=utf-8" if kind is ContentType.TEXT else kind


def _connected(host: str, port: int, timeout: float, source: Source) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DeliveryError(f"{host}: the name cannot be resolved: {error.strerror}") from error
    why: OSError | None = None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            own = source(ip_address(str(address[0]).partition("%")[0]))
            if own is not None:
                sock.bind((own, 0))
            sock.connect(address)
        except OSError as error:
            sock.close()
            why = error
        else:
            return sock
    raise DeliveryError(f"{host}: port {port}: {_reason(why) if why else 'it has no address'}")


def _secured(sock: socket.socket, host: str, ca: str | None) -> socket.socket:
    context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context.wrap_socket(sock, server_hostname=host)


def _exchange(sock: socket.socket, authority: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(authority)
    connection.sock = sock
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.HTTPException):
        return "the answer is not HTTP, or did not come in time"
    return getattr(error, "strerror", None) or type(error).__name__
