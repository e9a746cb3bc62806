"""The build's child process: it runs inside the namespaces, does one request and reports over a pipe."""

import base64
import json
import os
import queue
import sys
import threading
import traceback
from typing import IO, Any

from firmware.build.commands import no_space, no_space_error
from firmware.build.stages import build, build_disk, build_plain, clean
from firmware.errors import FirmwareError

REQUESTS = {"disk": build_disk, "plain": build_plain, "clean": clean}


class Parent:
    """The process outside of the namespaces. It alone has keys."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def request(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(self._lines.get())
        return message

    def sign(self, manifest: bytes) -> bytes:
        """The signature for a bundle. When it cannot be had, the parent ends this process."""
        self.tell({"sign": base64.b64encode(manifest).decode()})
        return base64.b64decode(self.request()["signature"])

    def tell(self, message: dict[str, Any]) -> None:
        """One line of JSON."""
        self._pipe.write(json.dumps(message).encode() + b"\n")
        self._pipe.flush()

    def _listen(self) -> None:
        """As the first process of its namespace, this one takes everything along when its parent ends."""
        for line in sys.stdin.buffer:
            self._lines.put(line)
        os._exit(1)


def main() -> None:
    """Do the one request on standard input; the answer goes to the pipe that the command line names."""
    os.umask(0o022)
    with os.fdopen(int(sys.argv[2]), "wb") as pipe:
        parent = Parent(pipe)
        parent.tell(_answer(parent.request(), parent))


def _answer(request: dict[str, Any], parent: Parent) -> dict[str, Any]:
    try:
        if request["verb"] == "build":
            return {"result": build(request, parent.sign)}
        return {"result": REQUESTS[request["verb"]](request)}
    except FirmwareError as error:
        return _failure(error)
    except OSError as error:
        return _failure(no_space_error(request["cache"])) if no_space(error) else _unexpected(error)
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        return _unexpected(error)


def _failure(error: FirmwareError) -> dict[str, Any]:
    return {"error": {"what": error.what, "where": error.where, "todo": error.todo}}


def _unexpected(error: Exception) -> dict[str, Any]:
    """A fault of the builder itself: here the traceback is what helps."""
    trace = "".join(traceback.format_exception(error))
    return _failure(FirmwareError(f"unexpected: {error}\n{trace}", todo="report it with this text"))
