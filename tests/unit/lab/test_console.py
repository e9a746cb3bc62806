"""The console logs in and runs commands over a line that behaves as badly as a real one.

The other side is a real bash on a real terminal, behind a little getty.
"""

import os
import pty
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from firmware.lab.console import INPUT_PIECE, OUTPUT_PIECE, Console, Result
from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError, DeadlineExceeded

GETTY = """
echo "Hotspare test (hvc0)"; echo
while :; do
  printf 'alpha login: '; read -r user
  [ -n "$user" ] || continue
  printf 'Password: '; stty -echo; read -r password; stty echo; echo
  [ "$user/$password" = admin/secret ] && break
  echo; echo 'Login incorrect'
done
echo 'Linux alpha'; printf '\\033[?2004h'
PS1='admin@alpha:~$ ' exec bash --noprofile --norc -i
"""


def received(connection: socket.socket) -> bytes:
    """What came in; nothing when the other side has hung up."""
    try:
        return connection.recv(4096)
    except ConnectionError:
        return b""


class Box:
    """A terminal with a getty on it, reachable at a Unix socket."""

    def __init__(self, socket_path: Path) -> None:
        self.url = f"unix://{socket_path}"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(socket_path))
        self._listener.listen(1)
        self._master, slave = pty.openpty()
        self._shell = subprocess.Popen(
            ["setsid", "-c", "bash", "--noprofile", "--norc", "-c", GETTY],
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._relay)
        self._thread.start()

    def _relay(self) -> None:
        connection: socket.socket | None = None
        with suppress(OSError):
            while not self._ended.is_set():
                ends = [self._listener, self._master, *([connection] if connection else [])]
                ready, _, _ = select.select(ends, [], [], 0.05)
                if self._listener in ready:
                    if connection:
                        connection.close()
                    connection, _ = self._listener.accept()
                if self._master in ready:
                    data = os.read(self._master, 4096)
                    if connection:
                        with suppress(ConnectionError):  # It has hung up: what comes now is lost.
                            connection.sendall(data)
                if connection and connection in ready:
                    typed = received(connection)
                    os.write(self._master, typed)
                    if not typed:
                        connection.close()
                        connection = None
        if connection:
            connection.close()

    def switch_off(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()
        self._shell.kill()
        self._shell.wait()
        with suppress(OSError):
            os.close(self._master)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "console")
    yield box
    box.switch_off()


def log_in(box: Box, password: str = "secret") -> Console:
    console = Console(box.url, "admin", password)
    deadline = Deadline(30)
    try:
        while not console.login(1):
            deadline.check("a login")
    except ConsoleError:
        console.close()
        raise
    return console


@pytest.fixture
def console(box: Box) -> Iterator[Console]:
    console = log_in(box)
    yield console
    console.close()


def test_status_and_output_come_back_exactly(console: Console) -> None:
    assert console.run("printf 'one\\n\\ttwo'; exit 3") == Result(3, "one\n\ttwo")
    assert console.run("true") == Result(0, "")
    assert console.run("echo to stderr >&2").output == "to stderr\n"


def test_quotes_dollars_newlines_and_umlauts_survive(console: Console) -> None:
    text = """it's "$HOME" `id` \\ ! ü"""
    assert console.run(f"cat <<'END'\n{text}\nEND").output == f"{text}\n"


def test_a_command_longer_than_a_line_of_a_terminal(console: Console) -> None:
    words = "x" * (8 * INPUT_PIECE)
    assert console.run(f"printf %s {words} | wc -c").output.strip() == str(len(words))


def test_output_of_more_than_one_piece(console: Console) -> None:
    result = console.run("seq 1 20000")
    assert len(result.output) > 2 * OUTPUT_PIECE
    assert result.output.splitlines()[-1] == "20000"


def test_output_that_looks_like_marks_and_prompts(console: Console) -> None:
    text = "alpha login: \nPassword: \nhotspare-lab> "
    assert console.run(f"printf %s '{text}'").output == text


def test_the_command_has_no_standard_input_to_eat(console: Console) -> None:
    assert console.run("cat; echo done").output == "done\n"


def test_a_command_that_hangs_is_interrupted_and_the_next_one_works(console: Console) -> None:
    with pytest.raises(DeadlineExceeded, match=r"did not end within \d+ s: sleep 600"):
        console.run("sleep 600", seconds=1)
    deadline = Deadline(30)
    while not console.login(1):
        deadline.check("a shell")
    assert console.run("echo alive").output == "alive\n"


def test_a_shell_that_is_already_there_is_taken_over(box: Box) -> None:
    first = log_in(box)
    first.run("true")
    first.close()
    second = log_in(box)
    assert second.run("echo again").output == "again\n"
    second.close()


def test_a_wrong_password_is_told(box: Box) -> None:
    with pytest.raises(ConsoleError, match="refuses the password of admin"):
        log_in(box, password="wrong")


def test_a_box_that_is_switched_off_is_told(box: Box, console: Console) -> None:
    box.switch_off()
    with pytest.raises(ConsoleError, match="the console is gone"):
        console.run("true")


def test_a_line_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="could not open"):
        Console(f"unix://{tmp_path}/nothing", "admin", "x")
