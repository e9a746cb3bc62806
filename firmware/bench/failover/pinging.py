"""A client that pings the first virtual address all the time, from its start to its end."""

import json
import subprocess
import sys

from firmware.bench.failover import ping_agent
from firmware.bench.failover.daemons import real_time
from firmware.bench.failover.outage import PERIOD, Outage, outage
from firmware.bench.failover.pair import Pair
from firmware.bench.failover.topology import PAIR


class Pinging:
    """Runs from the moment that the first answer came."""

    def __init__(self, pair: Pair) -> None:
        """Returns when the first answer came."""
        command = [sys.executable, "-I", "-S", ping_agent.__file__, PAIR[0].virtual, str(PERIOD)]
        log = pair.active.node.folder / "pinger.log"
        self._process: subprocess.Popen[str] = pair.topology.client.start(
            *real_time(), *command, log=log, piped=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def end(self, moment: float) -> Outage:
        """Ends it; what it saw, around a monotonic time."""
        output, _ = self._process.communicate(timeout=10)
        record = json.loads(output.splitlines()[-1])
        return outage(record["sent"], record["answered"], moment)
