"""The QMP client against a QEMU that says what the test wants."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.lab.errors import DeadlineExceeded, MachineError
from firmware.lab.qmp import Qmp

GREETING = {"QMP": {"version": {}, "capabilities": []}}
Answer = Callable[[dict[str, object]], list[dict[str, object]] | None]


class FakeQemu:
    """Greets one client and answers each request; None as an answer hangs up."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self.requests: list[dict[str, object]] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(json.dumps(GREETING).encode() + b"\n")
            stream.flush()
            for line in stream:
                self.requests.append(json.loads(line))
                answers = self._answer(self.requests[-1])
                if answers is None:
                    return
                for answer in answers:
                    stream.write(json.dumps(answer).encode() + b"\n")
                stream.flush()

    def close(self) -> None:
        self.thread.join()
        self._listener.close()


@pytest.fixture
def converse(tmp_path: Path) -> Iterator[Callable[[Answer], tuple[Qmp, FakeQemu]]]:
    made: list[tuple[Qmp, FakeQemu]] = []

    def start(answer: Answer) -> tuple[Qmp, FakeQemu]:
        def with_handshake(request: dict[str, object]) -> list[dict[str, object]] | None:
            return [{"return": {}}] if request["execute"] == "qmp_capabilities" else answer(request)

        fake = FakeQemu(tmp_path / "qmp", with_handshake)
        made.append((Qmp(tmp_path / "qmp"), fake))
        return made[-1]

    yield start
    for qmp, fake in made:
        qmp.close()
        fake.close()


def test_a_cable_is_pulled_at_the_device(converse) -> None:
    qmp, fake = converse(lambda _: [{"return": {}}])
    qmp.set_link("lan", up=False)
    assert fake.requests[-1] == {"execute": "set_link", "arguments": {"name": "lan", "up": False}}


def test_a_disk_is_made_slow_both_ways(converse) -> None:
    qmp, fake = converse(lambda _: [{"return": {}}])
    qmp.limit_disk("disk", 5_000_000)
    request = fake.requests[-1]
    assert request["execute"] == "block_set_io_throttle"
    assert {key: value for key, value in request["arguments"].items() if value} == {
        "device": "disk",
        "bps_rd": 5_000_000,
        "bps_wr": 5_000_000,
    }


def test_events_in_between_are_skipped(converse) -> None:
    qmp, _ = converse(lambda _: [{"event": "RESUME"}, {"event": "STOP"}, {"return": {"status": "running"}}])
    assert qmp.execute("query-status") == {"status": "running"}


def test_a_refusal_is_told_in_qemus_words(converse) -> None:
    qmp, _ = converse(lambda _: [{"error": {"class": "GenericError", "desc": "Device 'dmz' not found"}}])
    with pytest.raises(MachineError, match="refused set_link: Device 'dmz' not found"):
        qmp.set_link("dmz", up=True)


def test_every_use_of_a_disk_is_counted(converse) -> None:
    used = [{"rd_operations": 3, "wr_operations": 2, "flush_operations": 1, "rd_bytes": 4096}, {}]
    used[1] = dict.fromkeys(used[0], 0)
    qmp, _ = converse(
        lambda _: [{"return": [{"device": str(n), "stats": one} for n, one in enumerate(used)]}]
    )
    assert qmp.disk_transfers() == 6


def test_a_qemu_that_ends_is_told(converse) -> None:
    qmp, _ = converse(lambda _: None)
    with pytest.raises(MachineError, match="QEMU is gone"):
        qmp.execute("quit")


def test_a_qemu_that_hangs_is_told(converse) -> None:
    qmp, _ = converse(lambda _: [])
    with pytest.raises(DeadlineExceeded, match="did not answer"):
        qmp.execute("stop", seconds=0.1)


def test_nobody_at_the_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="does not answer"):
        Qmp(tmp_path / "nothing")
