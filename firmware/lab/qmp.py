"""A small client of QEMU's machine protocol (QMP): one JSON object a line over a Unix socket.

Blocking, with a deadline on every exchange, one exchange after the other for all threads. Events that QEMU
sends in between are skipped.
"""

import json
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware.lab.deadline import Deadline
from firmware.lab.errors import DeadlineExceeded, LabError, MachineError

ANSWER_SECONDS = 30.0


class Qmp:
    """A connection to one QEMU."""

    def __init__(self, path: Path) -> None:
        """Connects and leaves the capabilities negotiation.

        Raises:
            MachineError: nobody answers at that socket.
        """
        self._path = path
        self._buffer = b""
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise MachineError(f"QEMU does not answer: {error.strerror}", str(path)) from error
        try:
            self._next_message(Deadline(ANSWER_SECONDS))
            self.execute("qmp_capabilities")
        except LabError:
            self._socket.close()
            raise

    def close(self) -> None:
        """Ends the connection, not the machine."""
        self._socket.close()

    def execute(self, command: str, seconds: float = ANSWER_SECONDS, **arguments: object) -> Any:
        """Sends a command and returns the value of its answer.

        Raises:
            MachineError: QEMU refused, or is gone.
            DeadlineExceeded: it did not answer in time.
        """
        with self._lock:
            return self._exchange(command, Deadline(seconds), arguments)

    def _exchange(self, command: str, deadline: Deadline, arguments: Mapping[str, object]) -> Any:
        request = json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"
        try:
            self._socket.sendall(request)
        except OSError as error:
            raise MachineError(f"QEMU is gone: {error.strerror}", str(self._path)) from error
        while True:
            message = self._next_message(deadline)
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise MachineError(f"QEMU refused {command}: {message['error']['desc']}", str(self._path))

    def set_link(self, device: str, up: bool) -> None:
        """Plugs or pulls the cable of a network device; the guest sees its carrier change."""
        self.execute("set_link", name=device, up=up)

    def add_device(self, device: Mapping[str, object]) -> None:
        """Puts a device into the running machine."""
        self.execute("device_add", ANSWER_SECONDS, **device)

    def devices(self) -> set[str]:
        """The ids of the devices that there are now."""
        return {str(entry["name"]) for entry in self.execute("qom-list", path="/machine/peripheral")}

    def limit_disk(self, drive: str, bytes_per_second: int) -> None:
        """Makes a drive that slow, reading and writing; 0: as it is."""
        limits = {"bps_rd": bytes_per_second, "bps_wr": bytes_per_second}
        others = dict.fromkeys(("bps", "iops", "iops_rd", "iops_wr"), 0)
        self.execute("block_set_io_throttle", device=drive, **limits, **others)

    def disk_transfers(self) -> int:
        """How often the guest has read from its disks, written to them or flushed them."""
        stats = [drive["stats"] for drive in self.execute("query-blockstats")]
        return sum(
            int(one[what]) for one in stats for what in ("rd_operations", "wr_operations", "flush_operations")
        )

    def screendump(self, path: Path) -> None:
        """Writes what the VGA screen shows, as a PPM picture."""
        self.execute("screendump", filename=str(path))

    def _next_message(self, deadline: Deadline) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(deadline.remaining, 0.001))
            try:
                chunk = self._socket.recv(65536)
            except TimeoutError:
                raise DeadlineExceeded(
                    f"QEMU did not answer within {deadline.seconds:.0f} s", str(self._path)
                ) from None
            except OSError as error:
                raise MachineError(f"QEMU is gone: {error.strerror}", str(self._path)) from error
            if not chunk:
                raise MachineError("QEMU is gone", str(self._path))
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message
