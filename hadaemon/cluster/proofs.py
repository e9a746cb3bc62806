"""Which links are proven: one that has just come up may lead to a switch port that lets nothing through yet.

It is proven once a frame came in. A silent network proves nothing, so the doubt ends by itself after a while.
"""

from hadaemon.cluster.events import PortChanged

DOUBT = 40.0
"""Seconds for which a link without a frame is in doubt: a switch that runs the spanning tree protocol with
its default times lets nothing through for 30 s after the link came up (IEEE 802.1D, twice Forward Delay)."""


class Proofs:
    """The links of all ports, by their names; times are monotonic seconds."""

    def __init__(self) -> None:
        self._connected: set[str] = set()
        self._doubted_until: dict[str, float] = {}

    @property
    def unproven(self) -> frozenset[str]:
        """Ports with a link over which nothing is known to come through yet."""
        return frozenset(self._doubted_until)

    @property
    def next_deadline(self) -> float | None:
        """When the first doubt ends."""
        return min(self._doubted_until.values(), default=None)

    def note_link(self, facts: PortChanged, now: float) -> None:
        """A link that comes up is to be proven anew."""
        connected = facts.present and facts.carrier
        if not connected:
            self._connected.discard(facts.port)
            self._doubted_until.pop(facts.port, None)
        elif facts.port not in self._connected:
            self._connected.add(facts.port)
            self._doubted_until[facts.port] = now + DOUBT

    def note_frame(self, port: str) -> None:
        """Something came in: that is the proof."""
        self._doubted_until.pop(port, None)

    def pass_time(self, now: float) -> None:
        """Doubts that have lasted for long enough end."""
        for port in [port for port, until in self._doubted_until.items() if until <= now]:
            del self._doubted_until[port]

    def go_on(self, before: "Proofs") -> None:
        """Takes over the links that the node before this one has seen come up: those that it did not doubt
        are proven."""
        self._connected, self._doubted_until = set(before._connected), dict(before._doubted_until)
