"""One node of the simulated world, as the world sees it."""

from dataclasses import dataclass, field

from hadaemon.cluster import Event, HandoverEnded, Node, NodeState, SetAddresses, StateChanged
from hadaemon.cluster.memory import EMPTY, Memory


@dataclass
class Machine:
    """One node as the world sees it."""

    name: str
    node: Node | None = None
    powered: bool = False
    started: bool = False
    asleep: bool = False
    inbox: list[Event] = field(default_factory=list)
    kernel: dict[str, SetAddresses] = field(default_factory=dict)
    changes: list[tuple[float, StateChanged]] = field(default_factory=list)
    results: list[HandoverEnded] = field(default_factory=list)
    memory: Memory = EMPTY
    clock: float = 0.0
    """What its monotonic clock shows, less the world's time."""
    alarm: int = 0
    """Number of the wake-up that counts; earlier ones are stale."""
    patient_until: float = 0.0
    """Until then a node that never had a link need not take over."""
    had_link: bool = False

    @property
    def answers(self) -> bool:
        """For any virtual address: it is what "active" means on the wire."""
        return any(order.addresses and order.answering for order in self.kernel.values())

    @property
    def takes_part(self) -> bool:
        return self.node is not None and self.node.state in (NodeState.ACTIVE, NodeState.BACKUP)

    def must_serve(self, now: float) -> bool:
        """If nobody else is active, it has to be."""
        return self.takes_part and not self.asleep and (self.had_link or now >= self.patient_until)
