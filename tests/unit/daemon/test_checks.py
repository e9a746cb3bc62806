"""The looks of the administrator's checks, with real servers and real programs."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from hadaemon.cluster import CheckResult
from hadaemon.config import Check
from hadaemon.config.check_model import Dns, Http, Present, Process, Program, Target, Tcp
from hadaemon.daemon.health.checks import Checks
from hadaemon.daemon.programs import Programs
from hadaemon.io.sockets.reach import reach_dns, reach_http, reach_tcp

LOOPBACK = ip_address("127.0.0.1")
ROOT = Path(__file__).parents[3]


@contextmanager
def sandbox(path: Path) -> Iterator[None]:
    """A process for each connection, as the service manager starts them; without its limits."""
    processes = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    command = (sys.executable, "-P", "-m", "hadaemon.helper.sandbox")
                    processes.append(subprocess.Popen(command, stdin=connection, cwd=ROOT))

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for process in processes:
                process.wait()
    path.unlink()


async def looks(
    folder: Path, target: Target, many: int = 1, patience: float = 5.0, interval: float = 60.0
) -> tuple[list[CheckResult], Checks]:
    """So many of them."""
    results: list[CheckResult] = []
    enough = asyncio.Event()

    def post(result: CheckResult) -> None:
        results.append(result)
        if len(results) >= many:
            enough.set()

    check = Check("mail", target, interval, patience)
    programs = Programs(folder / "program.sock", folder)
    loop = asyncio.get_running_loop()
    checks = Checks((check,), programs, lambda: {"HOTSPARE_STATE": "backup"}, loop, post)
    checks.start()
    try:
        async with asyncio.timeout(30):
            await enough.wait()
    finally:
        checks.close()
    return results, checks


def script(folder: Path, text: str) -> Program:
    path = folder / "cluster.d/checks/mail"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Program("cluster.d/checks/mail")


def program_results(folder: Path, text: str, patience: float = 5.0) -> list[CheckResult]:
    with sandbox(folder / "program.sock"):
        return asyncio.run(looks(folder, script(folder, text), patience=patience))[0]


def test_a_program_of_the_configuration_is_run_in_the_sandbox(tmp_path):
    assert program_results(tmp_path, '#!/bin/sh\ntest "$HOTSPARE_STATE" = backup\n') == [
        CheckResult("mail", True)
    ]
    (result,) = program_results(tmp_path, "#!/bin/sh\necho stuck\nexit 2\n")
    assert result == CheckResult("mail", False, "ended with 2: stuck")


def test_a_program_that_hangs_is_a_failure_in_time(tmp_path):
    begin = time.monotonic()
    (result,) = program_results(tmp_path, "#!/bin/sh\nsleep 100\n", patience=0.3)
    assert (result.good, result.said) == (False, "not done in 0.3 s")
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("text,reason", [("exit 0\n", "is not executable"), (None, "there is no cluster.d")])
def test_a_program_that_cannot_be_run_is_a_failure(tmp_path, text, reason):
    if text is not None:
        script(tmp_path, text)
    results, _ = asyncio.run(looks(tmp_path, Program("cluster.d/checks/mail")))
    assert not results[0].good
    assert reason in results[0].said


def test_a_sandbox_that_dies_without_an_answer_is_a_failure(tmp_path):
    """As when its memory is used up."""

    async def run() -> list[CheckResult]:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_unix_server(hang_up, str(tmp_path / "program.sock"))
        async with server:
            return (await looks(tmp_path, script(tmp_path, "#!/bin/sh\n")))[0]

    (result,) = asyncio.run(run())
    assert result == CheckResult("mail", False, "was ended at the limits of its sandbox")


@pytest.mark.parametrize("target", [Program("cluster.d/checks/mail"), Process("cron")])
def test_without_a_sandbox_nothing_is_known_and_that_is_a_problem(tmp_path, target):
    script(tmp_path, "#!/bin/sh\n")

    async def run() -> tuple[list[CheckResult], str | None]:
        results: list[CheckResult] = []
        programs = Programs(tmp_path / "none.sock", tmp_path)
        loop = asyncio.get_running_loop()
        checks = Checks((Check("mail", target, 0.01),), programs, dict, loop, results.append)
        checks.start()
        await asyncio.sleep(0.2)
        checks.close()
        return results, checks.failure

    results, failure = asyncio.run(run())
    assert results == []
    assert failure is not None
    assert failure.startswith("sandbox: ")


def test_a_file_is_there_or_not(tmp_path):
    results, _ = asyncio.run(looks(tmp_path, Present(str(tmp_path / "ready")), 2, interval=0.02))
    assert results[0] == CheckResult("mail", False, f"there is no {tmp_path}/ready")
    (tmp_path / "ready").touch()
    results, _ = asyncio.run(looks(tmp_path, Present(str(tmp_path / "ready")), 2, interval=0.02))
    assert results == [CheckResult("mail", True)] * 2


def test_a_server_that_says_nothing_is_a_failure_in_time(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        target = Http(LOOPBACK, server.getsockname()[1], "/")
        results, _ = asyncio.run(looks(tmp_path, target, patience=0.1))
    assert results[0] == CheckResult("mail", False, "no answer within 0.1 s")


def answer_of(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None], path: str) -> str | None:
    async def run() -> str | None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            serve(reader, writer)
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            return await reach_http(Http(LOOPBACK, server.sockets[0].getsockname()[1], path))

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer,expected",
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.0 204 No Content\r\n\r\n", None),
        (b"HTTP/1.1 503 Unavailable\r\n\r\n", "it answers 503"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "it answers 301"),
        (b"220 mail ESMTP\r\n", "it hung up, or answers something else than HTTP"),
        (b"", "it hung up, or answers something else than HTTP"),
        (b"x" * 100_000, "it hung up, or answers something else than HTTP"),
    ],
)
def test_a_page_is_good_with_2xx_alone(answer, expected):
    assert answer_of(lambda _, writer: writer.write(answer), "/health") == expected


def test_a_port_takes_a_connection_or_not():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        assert asyncio.run(reach_tcp(Tcp(LOOPBACK, port))) is None
    assert asyncio.run(reach_tcp(Tcp(LOOPBACK, port))) == "Connection refused"
    assert asyncio.run(reach_http(Http(LOOPBACK, port, "/"))) == "Connection refused"


@pytest.mark.parametrize(
    "code,expected", [(0, None), (3, "it answers NXDOMAIN"), (11, "it answers RCODE 11")]
)
def test_a_name_server_knows_the_name_or_not(code, expected):
    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            assert data[12:] == b"\x07example\x03org\x00\x00\x01\x00\x01"
            self.transport.sendto(b"short", addr)  # type: ignore[attr-defined]
            self.transport.sendto(data[:2] + bytes((0x81, 0x80 | code)) + data[4:], addr)  # type: ignore[attr-defined]

    async def run() -> str | None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Server, ("127.0.0.1", 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            return await reach_dns(Dns("example.org", LOOPBACK), port)
        finally:
            transport.close()

    assert asyncio.run(run()) == expected


def test_nobody_is_a_name_server_there():
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert asyncio.run(reach_dns(Dns("example.org", LOOPBACK), port)) == "Connection refused"
