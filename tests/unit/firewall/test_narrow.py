"""Connections by dial-ins and tunnels: their segments fit through them."""

from hadaemon.firewall.ruleset import rule_set
from tests.unit.firewall.rules import INTERFACES, chain, cluster, node

DIAL_IN = """
[[follow.pppoe]]
name = "dsl"
port = "dmz"
user = "me"
password = "secret"
"""
CLAMP = "oifname @narrow tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu"


def test_connections_by_a_dial_in_are_clamped_before_any_verdict():
    found = rule_set(node(), cluster(DIAL_IN), {**INTERFACES, "dsl": ("dsl",)})
    narrow = found.text.partition("set narrow {")[2].partition("}")[0]
    assert '"dsl"' in narrow
    assert "eth" not in narrow
    lines = chain(found, "forward")
    assert lines.index(CLAMP) < min(number for number, line in enumerate(lines) if "accept" in line)
