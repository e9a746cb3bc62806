"""A conversation joined to a program that makes its pipe non-blocking, as rsync does."""

import os
import socket
import threading

import pytest

from firmware.lab.deadline import stretched
from hadaemon.io.programs.channel import Channel, ChannelError

SIZE = 8 << 20


def test_all_gets_through_also_to_a_pipe_that_is_full_and_does_not_block():
    far, near = socket.socketpair()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    channel = Channel(near.fileno(), near.fileno(), "the peer", 5)
    nothing, unused = os.pipe()
    joined = threading.Thread(target=channel.join, args=(nothing, writer))
    joined.start()
    sent = threading.Thread(target=lambda: (far.sendall(b"x" * SIZE), far.shutdown(socket.SHUT_WR)))
    sent.start()
    came = 0
    while came < SIZE:
        came += len(os.read(reader, 1 << 16))
    for thread in (joined, sent):
        thread.join(stretched(5))
        assert not thread.is_alive()
    for end in (far, near):
        end.close()
    for descriptor in (reader, writer, nothing, unused):
        os.close(descriptor)


def test_a_program_that_is_gone_is_one_message():
    far, near = socket.socketpair()
    reader, writer = os.pipe()
    nothing, unused = os.pipe()
    os.close(reader)
    far.sendall(b"x")
    with far, near, pytest.raises(ChannelError, match="the peer: the connection broke"):
        Channel(near.fileno(), near.fileno(), "the peer", 5).join(nothing, writer)
    for descriptor in (writer, nothing, unused):
        os.close(descriptor)
