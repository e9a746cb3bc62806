"""The lab's network namespaces, for all tests here, and what several of them put into one."""

from collections.abc import Mapping

from firmware.lab.namespaces import Namespace, Namespaces

__all__ = ["Namespace", "Namespaces", "lone_node"]


def lone_node(namespaces: Namespaces, ports: Mapping[str, str]) -> Namespace:
    """A node whose ports, each with its address, lead to nobody."""
    made = namespaces.make("node")
    for name, address in ports.items():
        made.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
        made.run("ip", "link", "set", f"{name}-end", "up")
        made.run("ip", "address", "add", address, "dev", name)
        made.run("ip", "link", "set", name, "up")
    return made
