"""A simulated world: two or three nodes, their links, switches and hotwire. It watches the invariants.

Packets go through the codec. They are lost, doubled, and delay makes them overtake each other. Each node has
a clock of its own, which may jump, and a configuration of its own, which may have another interval. A node
may stand still: its daemon alone, which keeps its kernel addresses, or the whole machine, whose clock goes on
or does not. What came in meanwhile waits unread, as far as there is room.

`world` says what may happen to it, `nodes` how a node lives, `network` and `hotwire` what passes between
them, `invariants` and `switches` what is watched.
"""

from .hotwire import NODES
from .machine import UNBOUNDED, Standstill
from .world import World

__all__ = ["NODES", "UNBOUNDED", "Standstill", "World"]
