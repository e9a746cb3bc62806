"""What the files lack that nobody has said: comments where it belongs, and a list for the report."""

from collections.abc import Iterator, Sequence

from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.keepalived.ports import MISSING, Ports
from hadaemon.vrrp.model import Version


def annotated(text: str, name: str) -> str:
    """With comments for whoever completes it."""
    lines = [f"# What belongs to the box {name} alone. The manual has every key: docs/configuration.md."]
    for line in text.splitlines():
        if MISSING in line:
            lines.append("# Printed on the box, and shown by `ip link` there.")
        if line == "addresses = []":
            lines.append(
                '# Own addresses of this box on the port, e.g. ["192.0.2.2/24"], beside the virtual ones '
                "of the pair."
            )
        lines.append(line)
    return "\n".join(lines) + "\n"


def left_to_do(cluster: ClusterConfig, nodes: Sequence[NodeConfig], ports: Ports) -> Iterator[str]:
    """In the order in which it is best done. FOLDER stands for the new folder."""
    for node in nodes:
        cards = [port.name for port in node.ports.values() if port.parent is None and _is_missing(port.cards)]
        if cards:
            yield (
                f"Write the MAC addresses of {', '.join(cards)} into {node.name}/node.toml (`ip link` on the "
                f"box shows them), or import anew with --mac {node.name}.{cards[0]}=52:54:00:12:34:56 and so "
                "on."
            )
    others = ", ".join(ports.of_other_kinds())
    if others:
        yield f"Ports are network cards, VLANs and bonds: look at {others}, and name the card below it."
    for node in nodes:
        bare = [each.port for each in cluster.ha_interfaces if not node.ports[each.port].addresses]
        if bare:
            yield (
                f"Write own addresses of {node.name} on {', '.join(bare)} into its node.toml: without one, "
                "the box speaks from a link-local address there, and nobody reaches it by that port while "
                "it is backup."
            )
    if cluster.hotwire is None:
        yield (
            "Join the two boxes by a cable, and write [hotwire] into cluster.toml (docs/hotwire.md): "
            "without it connections end at a takeover, and advertisements alone decide who is active."
        )
    yield (
        "Write [firewall] into cluster.toml (docs/firewall.md): without it nothing is forwarded. What "
        "iptables or nftables did on the old boxes is in none of the files that were read."
    )
    yield "Write [ssh] into cluster.toml, if administrators are to come in by SSH (docs/network.md)."
    if cluster.vrrp.version is Version.V2 or cluster.vrrp.authentication is None:
        yield (
            "Once both boxes run Hotspare and no other router takes part: version = 3, and sign "
            "advertisements with "
            '[vrrp.authentication] type = "hmac" (docs/configuration.md#who-may-take-part).'
        )
    yield "Check it: python3 invoke.py check FOLDER. Then as in docs/from-keepalived.md#change-over."


def _is_missing(cards: Sequence[str]) -> bool:
    return any(card.startswith(MISSING) for card in cards)
