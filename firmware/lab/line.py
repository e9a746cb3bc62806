"""A console's line, read and answered: what the lab's shell, `provision` and the manual's screens stand on.

Our own, and not pexpect: its `expect` takes the first match in the stream. On a console a prompt is one only
at the end, when nothing follows it for a while, and a message of the kernel may tear it apart or stand behind
it. So little more than reading would be left of pexpect.
"""

import errno
import os
import select
from abc import ABC, abstractmethod
from collections.abc import Callable
from io import FileIO
from typing import TypeVar

import serial

from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError

BAUD = 115200
"""Of a node's serial console."""
POLL_SECONDS = 0.05
_CHUNK = 1 << 16

T = TypeVar("T")


def open_port(url: str, baud: int = BAUD) -> serial.Serial:
    """Opens a serial port: `unix:///path`, a device such as `/dev/ttyUSB0`, or another address of pyserial.

    A device is ours alone: two programs that read one port get half of it each.

    Raises:
        ConsoleError: it cannot be opened.
    """
    if "firmware.lab" not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append("firmware.lab")
    try:
        port: serial.Serial = serial.serial_for_url(
            url, baudrate=baud, exclusive=None if "://" in url else True
        )
    except (serial.SerialException, ValueError) as error:
        raise _unopened(error, url) from error
    return port


def _unopened(error: Exception, url: str) -> ConsoleError:
    """In words of its own for what people meet with a device that they name."""
    number = getattr(error, "errno", None)
    if "://" in url or number is None:
        return ConsoleError(str(error), url)
    todo = {
        errno.ENOENT: "plug its cable in, and look for its name: `ls /dev/ttyUSB* /dev/ttyACM* /dev/ttyS*`",
        errno.EACCES: "become root, or a member of the group of that device (`ls -l`), mostly dialout",
        errno.EBUSY: "end the program that uses it",
    }.get(number, "")
    what = {errno.ENOENT: "there is no such serial port"}.get(
        number, f"cannot be opened: {os.strerror(number)}"
    )
    return ConsoleError(what, url, todo)


class Line(ABC):
    """The base of whoever speaks on a line. `heard` gets all that comes. Not for two threads at once."""

    GONE = ("the console is gone", "")
    """What happened when the port fails, and what to do."""

    def __init__(self, port: serial.Serial | FileIO, url: str) -> None:
        self.url = url
        self._port = port

    def close(self) -> None:
        """Hangs up; what is at the other end stays as it is."""
        self._port.close()

    @abstractmethod
    def heard(self, data: bytes) -> None:
        """Something came."""

    @property
    @abstractmethod
    def last_words(self) -> str:
        """The end of what came."""

    def receive(self) -> bool:
        """Takes in what is there, waiting a moment for it; says whether anything was. Raises ConsoleError."""
        try:
            if not select.select([self._port], [], [], POLL_SECONDS)[0]:
                return False
            data = os.read(self._port.fileno(), _CHUNK)
        except (serial.SerialException, OSError, AttributeError, TypeError, ValueError) as error:
            # The last three: another thread or the kernel has closed the port under it.
            raise self._gone(error) from error
        if not data:
            raise self._gone("nobody is at its other end")
        self.heard(data)
        return True

    def send(self, said: str | bytes) -> None:
        """Says it as it is. Raises ConsoleError."""
        try:
            self._port.write(said if isinstance(said, bytes) else said.encode())
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def pause(self, seconds: float) -> bool:
        """Reads for so long at most; whether anything came."""
        deadline = Deadline(seconds)
        while not deadline.expired:
            if self.receive():
                return True
        return False

    def until(self, look: Callable[[], T | None], deadline: Deadline, what: str) -> T:
        """Reads until `look` finds something. Raises DeadlineExceeded: `what` did not come."""
        while not (found := look()):
            deadline.check(what, self.url, f"The last words: {self.last_words}")
            self.receive()
        return found

    def _gone(self, why: object) -> ConsoleError:
        what, todo = self.GONE
        return ConsoleError(f"{what}: {why}", self.url, todo)
