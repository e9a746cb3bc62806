"""One node of the pair: events in, ordered actions out."""

from collections.abc import Mapping
from ipaddress import IPv4Interface

from hadaemon.cluster.actions import Action
from hadaemon.cluster.events import Event
from hadaemon.cluster.states import NodeState, Role
from hadaemon.cluster.status import NodeStatus
from hadaemon.config.model import ClusterConfig, NodeConfig


class Node:
    """The node's decisions. Feed PortChanged for each port, then Start; then whatever happens."""

    def __init__(self, node: NodeConfig, cluster: ClusterConfig, now: float) -> None:
        """The pair of configurations must have passed `hadaemon.config.check_pair`."""
        raise NotImplementedError

    @property
    def state(self) -> NodeState:
        raise NotImplementedError

    @property
    def role(self) -> Role:
        raise NotImplementedError

    @property
    def next_deadline(self) -> float | None:
        """When `handle(Tick(), now)` is due, monotonic seconds; None: nothing is."""
        raise NotImplementedError

    def handle(self, event: Event, now: float) -> tuple[Action, ...]:
        """Takes in one event; answers with what to do, in order."""
        raise NotImplementedError

    def desired_addresses(self) -> Mapping[str, frozenset[IPv4Interface]]:
        """For every HA port, the virtual addresses that must be on it now: for reconciling with the kernel."""
        raise NotImplementedError

    def status(self, now: float) -> NodeStatus:
        """What to tell the administrator."""
        raise NotImplementedError
