"""Two boxes on one cable become a pair, by a code that is shown on one and typed on the other."""

from collections.abc import Callable
from contextlib import nullcontext
from ipaddress import IPv4Address

from hadaemon.hotwire.addresses import hotwire_port
from hadaemon.io.store.identity import Identity
from hadaemon.operations.changing import NodePaths
from hadaemon.operations.keys import use_keys
from hadaemon.operations.peer import ends_of
from hadaemon.pairing import wire
from hadaemon.pairing.call import caller, calling
from hadaemon.pairing.protocol import Card, Paired, new_code, same_name
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError


class Pairing:
    """This node, as it is before it has a peer. Raises HadaemonError."""

    def __init__(self, paths: NodePaths) -> None:
        configuration = load_configuration(paths.state)
        if configuration.node is None:
            raise SyncError("this node is not configured yet: it needs a node.toml")
        self._paths = paths
        self._node, self._cluster = configuration.node, configuration.cluster
        self._ends = ends_of(self._node, self._cluster)
        port = hotwire_port(self._node, self._cluster)
        assert port is not None
        self._port = self._node.ports[port]
        self._identity = Identity(paths.state)
        key = self._identity.ensure(self._node.name)
        self._card = Card(self._node.name, key, self._node.paired_as)

    def show_code(self, show: Callable[[str, float], None]) -> Paired:
        """`show` hears the code, and for how many seconds it is good; then the other node is waited for."""
        code = new_code()
        called = self._ends.peer is None
        with calling(self._port, self._node.hotwire_name) if called else nullcontext():
            show(code, wire.SHOWN)
            paired = wire.show(self._card, code, self._ends.own.ip, self._keep)
            use_keys(self._paths)
        return paired

    def enter_code(self, code: str) -> Paired:
        """The code that the other node shows. Raises WrongCode: it may be typed again."""
        paired = wire.type_in(self._card, code, self._ends.own.ip, self._peer(), self._keep)
        use_keys(self._paths)
        return paired

    def _peer(self) -> IPv4Address:
        """Where the code is shown: as configured, or as its beacons tell."""
        if self._ends.peer is not None:
            return self._ends.peer
        name = caller(self._port)
        if name == self._node.name:
            raise same_name(name)
        peer = ends_of(self._node, self._cluster, name).peer
        assert peer is not None
        return peer

    def _keep(self, paired: Paired) -> None:
        """Stores, and no more: the other node waits for it, and has little patience."""
        peer = paired.peer
        self._identity.trust(peer.key.of_node(peer.hotwire_name or peer.name), self._node.name)
        self._identity.store_heartbeat_secret(paired.heartbeat_secret)
