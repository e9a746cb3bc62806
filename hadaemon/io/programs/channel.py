"""Frames over a pair of descriptors: bounded, and with a deadline for each."""

import os
import select
import subprocess
import time
from collections.abc import Sequence

from hadaemon.io.errors import EdgeError
from hadaemon.sync.messages import LENGTHS, Message, decode, encode, lengths

_CHUNK = 1 << 16


class ChannelError(EdgeError):
    """The other end is gone or silent."""


class Channel:
    """One conversation. `peer` is the other end's name for messages; `timeout` is seconds for a frame."""

    def __init__(self, read: int, write: int, peer: str, timeout: float) -> None:
        self._read, self._write = read, write
        self._peer = peer
        self._timeout = timeout
        for descriptor in {read, write}:
            os.set_blocking(descriptor, False)

    def send(self, message: Message) -> None:
        """One frame. Raises SyncError when it is too large, ChannelError when it does not get through."""
        data = memoryview(encode(message))
        deadline = time.monotonic() + self._timeout
        while data:
            self._wait(self._write, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._write, data[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise ChannelError(f"{self._peer} has closed the connection") from error

    def receive(self) -> Message:
        """One frame."""
        message = self.receive_or_end()
        if message is None:
            raise ChannelError(f"{self._peer} has closed the connection")
        return message

    def receive_or_end(self) -> Message | None:
        """One frame; None: the other end has finished between two frames."""
        deadline = time.monotonic() + self._timeout
        head = self._exactly(LENGTHS.size, deadline, may_end=True)
        if not head:
            return None
        header, body = lengths(head)
        return decode(self._exactly(header, deadline), self._exactly(body, deadline))

    def ask(self, message: Message) -> Message:
        """A request and its answer."""
        self.send(message)
        return self.receive()

    def hand_to(self, command: Sequence[str]) -> int:
        """The rest of the conversation is a program's; returns how it ended.

        It is started here and not by `run_program`: it gets the descriptors of the conversation themselves.
        """
        for descriptor in {self._read, self._write}:
            os.set_blocking(descriptor, True)
        return subprocess.run(command, stdin=self._read, stdout=self._write, check=False).returncode

    def join(self, read: int, write: int) -> None:
        """The rest of the conversation goes to and comes from two other descriptors, until it ends."""
        for descriptor in {self._read, self._write}:
            os.set_blocking(descriptor, True)
        poll = select.poll()
        outlets = {self._read: write, read: self._write}
        for descriptor in outlets:
            poll.register(descriptor, select.POLLIN)
        try:
            while True:
                for descriptor, _ in poll.poll():
                    data = os.read(descriptor, _CHUNK)
                    if not data and descriptor == self._read:
                        return
                    if not data:
                        poll.unregister(read)
                        continue
                    _write_all(outlets[descriptor], data)
        except OSError as error:
            raise ChannelError(f"{self._peer}: the connection broke") from error

    def _exactly(self, count: int, deadline: float, may_end: bool = False) -> bytes:
        parts: list[bytes] = []
        left = count
        while left:
            self._wait(self._read, select.POLLIN, deadline)
            try:
                chunk = os.read(self._read, min(left, _CHUNK))
            except BlockingIOError:
                continue
            except OSError as error:
                raise ChannelError(f"{self._peer}: the connection broke") from error
            if not chunk:
                if may_end and left == count:
                    return b""
                raise ChannelError(f"{self._peer} has closed the connection half-way")
            parts.append(chunk)
            left -= len(chunk)
        return b"".join(parts)

    def _wait(self, descriptor: int, what: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, what)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ChannelError(f"{self._peer} has stopped answering")


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            # The other user of this pipe has made it non-blocking for both: rsync does.
            select.select((), (descriptor,), ())
