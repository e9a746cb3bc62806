"""The node: virtual routers, links and scores folded into one state. Election lives here and nowhere else."""

from hadaemon.cluster.actions import Action, Announce, SendAdvertisement, SetAddresses, StateChanged
from hadaemon.cluster.events import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    Event,
    PortChanged,
    Start,
    Stop,
    Tick,
)
from hadaemon.cluster.node import Node
from hadaemon.cluster.states import NodeState, Role
from hadaemon.cluster.status import (
    InterfaceStatus,
    Link,
    NodeStatus,
    PeerState,
    PeerStatus,
    ScoreStatus,
    outside_status,
)

__all__ = [
    "Action",
    "ActionFailed",
    "AdvertisementDiscarded",
    "AdvertisementReceived",
    "Announce",
    "Event",
    "InterfaceStatus",
    "Link",
    "Node",
    "NodeState",
    "NodeStatus",
    "PeerState",
    "PeerStatus",
    "PortChanged",
    "Role",
    "ScoreStatus",
    "SendAdvertisement",
    "SetAddresses",
    "Start",
    "StateChanged",
    "Stop",
    "Tick",
    "outside_status",
]
