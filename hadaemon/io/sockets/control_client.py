"""The client's side of the control socket. Blocking, and without asyncio: `hactl` has to answer at once."""

import json
import socket
from pathlib import Path
from typing import Any, TypeAlias

from hadaemon.io.errors import ControlError
from hadaemon.text.reading import read_json

Message: TypeAlias = dict[str, Any]
"""A JSON object."""

SOCKET_NAME = "control.sock"
_MAX_ANSWER = 16 << 20


def ask(path: Path, request: Message, timeout: float) -> Message:
    """The client's side: one request, one answer, within `timeout` seconds for each step."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect(str(path))
            sock.sendall(json.dumps(request).encode() + b"\n")
            answer = _read_line(sock)
        except TimeoutError as error:
            raise ControlError(f"{path}: no answer within {timeout:g} s") from error
    try:
        message = read_json(answer)
    except ValueError as error:
        raise ControlError(f"{path}: the answer is not JSON") from error
    if not isinstance(message, dict):
        raise ControlError(f"{path}: the answer is not a JSON object")
    return message


def _read_line(sock: socket.socket) -> bytes:
    data = bytearray()
    while not data.endswith(b"\n"):
        chunk = sock.recv(1 << 16)
        if not chunk or len(data) > _MAX_ANSWER:
            break
        data += chunk
    return bytes(data)
