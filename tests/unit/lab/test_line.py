"""The engine below every console: what comes is heard, a wait ends when it should, a dead line is told."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError, DeadlineExceeded
from firmware.lab.line import Line, open_port


class Ear(Line):
    GONE = ("the ear is gone", "find another one")

    def __init__(self, url: str) -> None:
        super().__init__(open_port(url), url)
        self.text = b""

    def heard(self, data: bytes) -> None:
        self.text += data

    @property
    def last_words(self) -> str:
        return repr(self.text)


@pytest.fixture
def mouth(tmp_path: Path) -> Iterator[socket.socket]:
    """The other end of `line`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "line"))
        listener.listen()
        yield listener


@pytest.fixture
def ear(mouth: socket.socket, tmp_path: Path) -> Iterator[tuple[Ear, socket.socket]]:
    ear = Ear(f"unix://{tmp_path}/line")
    speaker, _ = mouth.accept()
    yield ear, speaker
    ear.close()
    speaker.close()


def test_what_comes_is_heard_and_what_is_said_arrives(ear: tuple[Ear, socket.socket]) -> None:
    line, speaker = ear
    assert not line.receive()
    speaker.sendall(b"login: ")
    assert line.receive()
    assert line.text == b"login: "
    line.send("admin\n")
    line.send(b"\xff")
    assert speaker.recv(100) == b"admin\n\xff"


def test_a_pause_ends_with_the_first_word(ear: tuple[Ear, socket.socket]) -> None:
    line, speaker = ear
    assert not line.pause(0.2)
    speaker.sendall(b"x")
    begin = time.monotonic()
    assert line.pause(30)
    assert time.monotonic() - begin < 10


def test_a_wait_lasts_until_something_is_found_or_the_time_is_over(ear: tuple[Ear, socket.socket]) -> None:
    line, speaker = ear
    threading.Timer(0.1, speaker.sendall, [b"the end"]).start()
    assert line.until(lambda: line.text.find(b"end") + 1, Deadline(30), "the end") == 5
    with pytest.raises(DeadlineExceeded, match="more did not happen") as late:
        line.until(lambda: None, Deadline(0.1), "more")
    assert "b'the end'" in late.value.todo


def test_a_line_whose_other_end_is_gone_is_told_in_the_words_of_who_speaks(
    ear: tuple[Ear, socket.socket],
) -> None:
    line, speaker = ear
    speaker.close()
    with pytest.raises(ConsoleError, match="the ear is gone") as gone:
        line.receive()
    assert (gone.value.where, gone.value.todo) == (line.url, "find another one")


def test_a_port_that_is_pulled_out_is_told() -> None:
    master, slave = os.openpty()
    line = Ear(os.ttyname(slave))
    os.close(slave)
    os.close(master)
    with pytest.raises(ConsoleError, match="the ear is gone"):
        line.receive()
    line.close()


def test_a_port_that_is_closed_under_its_reader_is_told(ear: tuple[Ear, socket.socket]) -> None:
    line, _ = ear
    line.close()
    with pytest.raises(ConsoleError, match="the ear is gone"):
        line.receive()
