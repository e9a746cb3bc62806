"""The build's child process: it runs inside the namespaces, does one request and reports over a pipe."""

import json
import os
import sys
import threading
import traceback
from typing import Any

from firmware.build.commands import no_space, no_space_error
from firmware.build.stages import build, build_disk, build_plain, clean
from firmware.errors import FirmwareError

REQUESTS = {"build": build, "disk": build_disk, "plain": build_plain, "clean": clean}


def main() -> None:
    """Do the one request on standard input; the answer goes to the pipe that the command line names."""
    os.umask(0o022)
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    answer = _answer(request)
    with os.fdopen(int(sys.argv[2]), "wb") as pipe:
        pipe.write(json.dumps(answer).encode())


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
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


def _die_with_parent() -> None:
    """As the first process of its namespace, this one takes everything along when it ends."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)
