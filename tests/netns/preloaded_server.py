"""Loads the daemon's modules, then forks one daemon for each request on standard input: see preloaded.py."""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from hadaemon.daemon.guard_process import fork_guard
from hadaemon.daemon.main import main

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1


def serve(control: socket.socket) -> list[str]:
    """Returns in each child, with its arguments; ends when nobody can ask any more."""
    running: dict[int, int] = {}
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    control.send(b"ready")
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_ends(running)
        if control not in ready:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 3)
        if not request:
            _end()
        network, output, ending = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (woken, waker, ending, *running.values()):
                os.close(descriptor)
            control.close()
            return _become(json.loads(request), network, output)
        os.close(network)
        os.close(output)
        running[pid] = ending
        control.send(str(pid).encode())


def _tell_ends(running: dict[int, int]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            ending = running.pop(pid)
            os.write(ending, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(ending)


def _become(request: tuple[list[str], dict[str, str]], network: int, output: int) -> list[str]:
    arguments, environment = request
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if libc.setns(network, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the network namespace cannot be entered")
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, output, output)):
        os.dup2(descriptor, number)
    for descriptor in (nothing, output, network):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    return arguments


def _end() -> NoReturn:
    os._exit(0)


if __name__ == "__main__":
    gc.freeze()
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    arguments = serve(control)
    sys.exit(main(fork_guard(), arguments))
