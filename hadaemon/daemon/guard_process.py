"""The guard of the virtual addresses: a process beside the daemon that takes them away when it stands still.

The kernel of a node answers for its addresses whether the daemon runs or not. The other node takes them over
when it has heard nothing for its Active_Down_Interval (RFC 9568 §6.1), and two would answer until the daemon
wakes. So the daemon leaves word until when it will have spoken, and the guard acts at that moment, as it is
done when a daemon has died.

It is a child of the daemon, forked before anything else is loaded: so it shares what little it needs, costs
no start of an interpreter, and loads only what is in the interpreter itself.
"""

import os
import select
import sys
import time
from _signal import SIG_IGN, SIGINT, SIGTERM, signal  # type: ignore[import-not-found]
from _socket import AF_UNIX, SOCK_STREAM, socket, socketpair
from _struct import Struct

from hadaemon.io.kernel.drop_addresses import drop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

WORD = Struct("=Q")
"""The daemon's word: nanoseconds of CLOCK_BOOTTIME; 0: it has no virtual address."""

ACTED = b"!"
"""What the guard says when it has taken the addresses away."""

_NAME = b"hadaemon-guard"
_GRACE = 1_000_000
"""Nanoseconds that the guard waits longer, so that a daemon which wakes at that instant knows itself late."""
_FIRST_OWN = 3
"""Descriptors from here on are somebody else's business."""


def fork_guard() -> tuple[int, socket, int]:
    """Its process id, the channel to it, and the descriptor of the file that it reads the word from."""
    daemon = os.getpid()
    ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
    words = os.memfd_create("hadaemon-word")
    os.pwrite(words, WORD.pack(0), 0)
    pid = os.fork()
    if pid == 0:
        _become_guard(daemon, theirs, words)
    theirs.close()
    ours.setblocking(False)
    return pid, ours, words


def _become_guard(daemon: int, channel: socket, words: int) -> "NoReturn":
    """Nothing that the daemon would do at its end is done here."""
    status = 1
    try:
        signal(SIGTERM, SIG_IGN)
        signal(SIGINT, SIG_IGN)
        comm = os.open("/proc/self/comm", os.O_WRONLY)
        os.write(comm, _NAME)
        first, last = sorted((channel.fileno(), words))
        for gap in ((_FIRST_OWN, first), (first + 1, last), (last + 1, os.sysconf("SC_OPEN_MAX"))):
            os.closerange(*gap)
        if os.getppid() == daemon:
            watch(channel, words)
        status = 0
    except Exception as error:  # noqa: BLE001 - a defect in a process that nobody waits for is told
        _say(3, f"the guard of the virtual addresses has ended: {error!r}")
    finally:
        os._exit(status)


def watch(daemon: socket, words: int) -> None:
    """Returns when the daemon has ended, which its unit takes care of.

    `words`: descriptor of a file with the daemon's word. `daemon`: brings a byte when the word has become
    earlier, and takes `ACTED`.
    """
    poll = select.poll()
    poll.register(daemon, select.POLLIN)
    acted_on = 0
    while True:
        (word,) = WORD.unpack(os.pread(words, WORD.size, 0))
        left = None if word in (0, acted_on) else word + _GRACE - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        if left is not None and left <= 0:
            acted_on = word
            _act(daemon, -left)
        elif poll.poll(None if left is None else left / 1e6) and not _hears(daemon):
            return


def _hears(daemon: socket) -> bool:
    """Whether it is there."""
    try:
        return bool(daemon.recv(64))
    except ConnectionError:
        return False


def _act(daemon: socket, late: int) -> None:
    try:
        drop()
    except OSError as error:
        _say(3, f"the daemon stands still, and its virtual addresses cannot be taken away: {error}")
        return
    _say(4, f"the daemon stands still: its virtual addresses are taken away, {late / 1e6:.1f} ms late")
    try:
        daemon.send(ACTED)
    except BrokenPipeError:
        return  # It has died meanwhile.


def _say(severity: int, text: str) -> None:
    """`severity`: as of syslog(3), for the journal."""
    print(f"<{severity}>{text}", file=sys.stderr, flush=True)
