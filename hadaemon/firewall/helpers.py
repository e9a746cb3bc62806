"""Helpers of connection tracking: who reads which port. None is on that [conntrack] does not name.

The port is the one that the host listens to: a port forward has translated it by then.
"""

from hadaemon.config.conntrack_model import HELPERS, Conntrack
from hadaemon.firewall.text import block, listed


def helper_objects(conntrack: Conntrack) -> list[str]:
    """What the rules name; the kernel loads the module of each with it."""
    return [
        line
        for name, protocol in sorted(_ports(conntrack))
        for line in block(
            f"ct helper {_object(name, protocol)}",
            f'type "{HELPERS[name].listens[protocol][0]}" protocol {protocol};',
        )
    ]


def helper_rules(conntrack: Conntrack) -> list[str]:
    """For new connections that are forwarded; those of the node itself are never told, and have none."""
    return [
        f'{protocol} dport {listed(map(str, ports))} ct state new ct helper set "{_object(name, protocol)}"'
        for (name, protocol), ports in sorted(_ports(conntrack).items())
    ]


def _ports(conntrack: Conntrack) -> dict[tuple[str, str], list[int]]:
    """By helper and transport protocol."""
    found: dict[tuple[str, str], list[int]] = {}
    for helper in conntrack.helpers:
        for protocol, port in helper.ports:
            found.setdefault((helper.name, protocol), []).append(port)
    return found


def _object(name: str, protocol: str) -> str:
    return f"helper_{name}_{protocol}"
