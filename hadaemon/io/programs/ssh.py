"""The connection to the peer: ssh over the hotwire, with the keys of the pair and nothing else."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.channel import Channel, ChannelError
from hadaemon.io.store.identity import Identity
from hadaemon.sync.server import client_arguments, failure

_CONNECT = 5
"""Seconds."""
_END = 5.0


class PeerUnreachable(EdgeError):
    """No conversation with the peer, or one that broke; says why."""


@contextmanager
def connected(identity: Identity, peer: IPv4Address, timeout: float) -> Iterator[Channel]:
    """A conversation. `timeout` is seconds for each frame. Raises PeerUnreachable.

    ssh is started here and not by `run_program`: it lives as long as the conversation, over its descriptors.
    """
    command = client_arguments(peer, str(identity.key), str(identity.known), _CONNECT)
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
        except OSError as error:
            raise PeerUnreachable(f"ssh: {error}") from error
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            yield Channel(process.stdout.fileno(), process.stdin.fileno(), str(peer), timeout)
        except ChannelError as error:
            silent = process.poll() is None and "stopped" in str(error)
            _end(process)
            errors.seek(0)
            text = errors.read(8192).decode(errors="replace")
            raise PeerUnreachable(str(error) if silent or not text else failure(text, peer)) from error
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_END)
