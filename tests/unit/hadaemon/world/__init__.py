"""A simulated world: two or three nodes, their links, switches and hotwire. It watches the invariants.

Packets go through the codec. They are lost, doubled, and delay makes them overtake each other. Each node has
a clock of its own, which may jump. A node that sleeps keeps its kernel addresses and finds everything that
came in when it wakes, as a real process does.

`world` says what may happen to it, `nodes` how a node lives, `network` and `hotwire` what passes between them,
`invariants` what is watched.
"""

from .hotwire import NODES
from .world import World

__all__ = ["NODES", "World"]
