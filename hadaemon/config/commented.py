"""The first cluster.toml of a pair, with comments for whoever edits it later."""

from collections.abc import Iterator, Mapping

_HEAD = """\
# What both nodes of the pair share. Change it with `sudo hactl config edit`, which checks it first;
# `sudo hactl config sync --to-peer` brings it to the other node. The manual has every key.
"""
_COMMENTS: Mapping[str, str] = {
    "[vrrp]": "How the nodes tell each other, and everybody else, who is active (RFC 9568).",
    "[vrrp.authentication]": "Both sign what they say. The key is the same on both.",
    "[hotwire]": "The cable that joins the two boxes, and serves nothing else.",
    "[[ha_interfaces]]": "Ports whose virtual addresses the active node answers for.",
    "[election]": "When a node gives way, and when too many switches are too many.",
    "[[routes]]": "Routes of both nodes; one of the same destination in a node.toml counts there.",
    "[dns]": "Whom the nodes ask for names.",
    "[ntp]": "Where the nodes have the time from.",
    "[ssh]": "On which ports the administrator may log in, at the nodes' own addresses.",
    "[firewall]": "Whatever no rule allows is dropped, to the nodes as through them.",
    "[firewall.zones]": "Names for ports: rules speak of either.",
    "[[firewall.rules]]": "The first rule that fits decides.",
    "[[firewall.source_nat]]": "The address that others see: with the pair's, connections outlive a switch.",
    "[follow]": "What only the active node runs.",
    "[[follow.dhcp]]": "The DHCP server of a network, at its virtual address.",
}
_FORWARD = """\
# A port forward: what comes to this address goes to a host inside, and needs no rule.
# [[firewall.destination_nat]]
# address = "{address}"
# services = ["https"]
# to = "192.168.12.80"
# from = ["external"]
"""


def commented(text: str) -> str:
    """The same configuration: `text` is that of `render_cluster`."""
    return _HEAD + "\n" + "\n".join(_lines(text)) + "\n"


def _lines(text: str) -> Iterator[str]:
    seen: set[str] = set()
    address = ""
    for line in text.rstrip("\n").split("\n"):
        if line in _COMMENTS and line not in seen:
            seen.add(line)
            yield f"# {_COMMENTS[line]}"
        yield line
        if line.startswith('address = "') and "[[firewall.source_nat]]" in seen:
            address = line.split('"')[1]
    if address and address != "own":
        yield ""
        yield _FORWARD.format(address=address).rstrip("\n")
