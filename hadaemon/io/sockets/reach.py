"""Whether somebody else's server answers: by TCP, HTTP and DNS. None: it does; else why not, as a phrase."""

import asyncio
import os
import re

from hadaemon.config.check_model import Dns, Http, Tcp

_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})\b")
_MAX_LINE = 4096
_DNS_PORT = 53
_RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


async def reach_tcp(target: Tcp) -> str | None:
    """It takes a connection."""
    try:
        _, writer = await asyncio.open_connection(str(target.address), target.port)
    except OSError as error:
        return _why(error)
    writer.close()
    return None


async def reach_http(target: Http) -> str | None:
    """Its status is 2xx."""
    try:
        reader, writer = await asyncio.open_connection(str(target.address), target.port, limit=_MAX_LINE)
    except OSError as error:
        return _why(error)
    try:
        head = f"GET {target.path} HTTP/1.0\r\nHost: {target.host}\r\nUser-Agent: hotspare\r\n\r\n"
        writer.write(head.encode("ascii"))
        found = _STATUS.match(await reader.readline())
    except (OSError, ValueError):
        return "it hung up, or answers something else than HTTP"
    finally:
        writer.close()
    if found is None:
        return "it hung up, or answers something else than HTTP"
    status = found[1].decode()
    return None if status.startswith("2") else f"it answers {status}"


async def reach_dns(target: Dns, port: int = _DNS_PORT) -> str | None:
    """It knows the name (RFC 1035 §4.1: RCODE 0), or that there is no address of it."""
    number, answer = os.urandom(2), asyncio.get_running_loop().create_future()
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Answers(number, answer), remote_addr=(str(target.server), port)
        )
    except OSError as error:
        return _why(error)
    try:
        transport.sendto(number + _question(target.name))
        code = await answer
    except OSError as error:
        return _why(error)
    finally:
        transport.close()
    return None if code == 0 else f"it answers {_RCODES.get(code, f'RCODE {code}')}"


class _Answers(asyncio.DatagramProtocol):
    """The RCODE of the answer with our number."""

    def __init__(self, number: bytes, answer: "asyncio.Future[int]") -> None:
        self._number = number
        self._answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) >= 12 and data[:2] == self._number and data[2] & 0x80 and not self._answer.done():
            self._answer.set_result(data[3] & 0x0F)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


def _question(name: str) -> bytes:
    """For the IPv4 address, recursion desired."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return b"\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01"


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "it cannot be reached"
