"""Two nodes on which the same daemon runs, from a good start to a good end."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.bench.failover.daemons import Daemon
from firmware.bench.failover.topology import Port, Topology, build
from firmware.lab.errors import LabError
from firmware.lab.namespaces import Namespaces


@dataclass(frozen=True, slots=True)
class Pair:
    """The pair at work; the first node is active."""

    topology: Topology
    active: Daemon
    backup: Daemon

    def rest(self, seconds: float) -> None:
        """Lets time pass: a condition of the measurement."""
        time.sleep(seconds)


@contextmanager
def running(kind: type[Daemon], ports: tuple[Port, ...], interval: float) -> Iterator[Pair]:
    """A pair with its daemons; `interval` in seconds. Nothing of it is left afterwards.

    Raises:
        LabError: a daemon did not start; its log is in the message, because its file is gone then.
    """
    with tempfile.TemporaryDirectory(prefix="hotspare-bench-") as folder, Namespaces() as namespaces:
        topology = build(namespaces, ports, Path(folder))
        active, backup = (kind(node, interval) for node in topology.nodes)
        try:
            active.start()
            active.wait_active()
            backup.start()
            for daemon in (active, backup):
                daemon.wait_ready()
            yield Pair(topology, active, backup)
        except LabError as error:
            raise LabError(
                error.what, todo=f"read what the daemons told:\n{active.log_text}\n{backup.log_text}"
            ) from error
        finally:
            for daemon in (backup, active):
                daemon.end()
