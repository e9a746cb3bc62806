"""The rules of routing for tunnels that take everything, as the kernel is told."""

import socket
import struct

import pytest

from hadaemon.io.kernel.attributes import attributes
from hadaemon.io.kernel.policy_rules import tunnel_rules

HEAD = struct.Struct("=BBBBBBBBI")
PRIORITY, MARK, SUPPRESS, TABLE, MASK = 6, 10, 14, 15, 16
MAIN, OWN = 254, 73


def number(value: int) -> bytes:
    return struct.pack("=I", value)


@pytest.mark.parametrize("version, family", [(4, socket.AF_INET), (6, socket.AF_INET6)])
def test_main_without_its_default_route_and_then_the_tunnels_but_for_their_own_packets(version, family):
    near, unmarked = tunnel_rules(version)
    assert HEAD.unpack_from(near) == (family, 0, 0, 0, MAIN, 0, 0, 1, 0)
    assert attributes(near[HEAD.size :]) == {PRIORITY: number(209), TABLE: number(MAIN), SUPPRESS: number(0)}
    assert HEAD.unpack_from(unmarked) == (family, 0, 0, 0, OWN, 0, 0, 1, 2), "inverted"
    assert attributes(unmarked[HEAD.size :]) == {
        PRIORITY: number(210),
        TABLE: number(OWN),
        MARK: number(0x48E),
        MASK: number(0xFFFFFFFF),
    }
