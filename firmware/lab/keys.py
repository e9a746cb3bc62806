"""Two nodes of a lab that trust each other's keys, without the six digits of `hactl pair`."""

import shlex

from firmware.lab.node import Node


def exchange_keys(one: Node, other: Node) -> None:
    """Each makes a key and trusts the other one's; returns when one reaches the other over the hotwire."""
    keys = {}
    for node in (one, other):
        node.run("hactl key generate", root=True)
        keys[node.name] = node.run("cat /data/state/identity/ssh_ed25519.pub", root=True).output.strip()
    for node, peer in ((one, other), (other, one)):
        node.run(f"echo {shlex.quote(keys[peer.name])} | hactl key trust - --yes", root=True)
    for node in (one, other):
        node.wait_until("hactl --peer status", root=True)
