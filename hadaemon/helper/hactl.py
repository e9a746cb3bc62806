"""A reading command for the peer: the program `hactl`, started with words that were declared and no others.

Whoever holds the pair's key can ask for anything. So the words are held against the declarations before any
program is started, no shell sees them, and time and output are bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hadaemon.commands.on_peer import may_run, refusal
from hadaemon.io.programs.run import Ended, ProgramError, run_bounded
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE, own_folder
from hadaemon.sync.errors import SyncError

HACTL = ("/usr/bin/hactl",)
WITH_NETWORK = (
    *("/usr/bin/systemd-run", "--quiet", "--pipe", "--wait", "--collect"),
    *("--property=User=hadaemon", "--property=AmbientCapabilities=CAP_NET_RAW"),
    *("--property=CapabilityBoundingSet=CAP_NET_RAW", "--property=NoNewPrivileges=yes"),
    *("--property=ProtectSystem=strict", "--property=ProtectHome=yes", "--property=PrivateTmp=yes"),
    *("--property=PrivateDevices=yes", "--property=RuntimeMaxSec=35s"),
)
"""What pings others is started by the service manager, as the daemon's user: this process has no network."""
_SECONDS = 40.0
"""Less than the peer waits for an answer."""
_MOST = 1 << 20
"""Bytes of output: half an answer would be taken for a whole one."""


@dataclass(frozen=True, slots=True)
class Hactl:
    """The program on this node."""

    state: Path
    run: Path
    control: Path
    program: tuple[str, ...] = HACTL
    seconds: float = _SECONDS
    with_network: tuple[str, ...] = WITH_NETWORK
    """What starts a command that speaks to others."""

    def read(self, words: Sequence[str]) -> Ended:
        """What a reading command has to say. Raises SyncError: it is none, took too long or said too much."""
        if not may_run(words):
            raise SyncError(refusal())
        command = (*self.program, "--socket", str(self.control), *words, *self._places(words))
        if words[0] == "check":
            command = (*self.with_network, *command)
        try:
            return run_bounded(*command, timeout=self.seconds, most=_MOST)
        except ProgramError as error:
            raise SyncError(f"`hactl {' '.join(words)}`: {error}") from error

    def _places(self, words: Sequence[str]) -> tuple[str, ...]:
        """Options that the peer cannot give."""
        match tuple(words[:2]):
            case ("history", *_):
                return ("--folder", str(own_folder(self.state)))
            case ("config", "check"):
                return ("--node", str(self.state / NODE_FILE), "--cluster", str(self.state / CLUSTER_FILE))
            case ("connections", *_):
                return ("--here", "--state", str(self.state))
            case ("config" | "key", _):
                return ("--state", str(self.state), "--run", str(self.run))
            case _:
                return ()
