"""A setup with the hosts around it, and verbs for what its claims need."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Interface
from typing import Protocol

from firmware.lab.client import Client, Watch
from firmware.lab.configuring import apply_configuration
from firmware.lab.deadline import Deadline, timeout_multiplier, wait_until
from firmware.lab.lab import Lab
from firmware.lab.namespaces import Namespaces
from firmware.lab.node import Node
from firmware.lab.setups import Setup
from firmware.lab.shell import virtual_address
from firmware.lab.switch import Switch
from firmware.lab.topology import PlannedClient
from tests.claims.model import Trace, trace_of
from tests.claims.wire import first, is_advertisement
from tests.lab.host import Host
from tests.qemu.conftest import CONFLICT_SECONDS, MOVE_SECONDS

DIAL_SECONDS = 240.0
"""A session of a time before the snapshot is given up after half a minute; then it is dialled anew."""
BOOT_SECONDS = 400.0
RESUME_SECONDS = 120.0
VIRTUAL_MAC = "00:00:5e:00:01:"
"""RFC 9568, 7.3: the last byte is the VRID."""
_AGAIN = 5
"""So many answered pings in a row, and a host is served again."""


class Told(Protocol):
    """Where a test says what it has measured: `conftest.Record`."""

    def measure(self, line: str) -> None: ...

    def trace(self, trace: Trace) -> None: ...


class Site:
    """The lab of one test. What it opens is closed with it."""

    def __init__(self, lab: Lab, setup: Setup, claim: Told) -> None:
        """Begins with the master active."""
        self.lab = lab
        self.setup = setup
        self.claim = claim
        self.master = lab.master
        (self.spare,) = (node for node in lab.nodes.values() if node is not lab.master)
        self._stack = contextlib.ExitStack()
        self._namespaces: Namespaces | None = None

    def __enter__(self) -> "Site":
        """Returns itself. A node of a slow machine may have been active during its first boot, and without a
        route for a minute before anybody dialled: it remembers that until it is told otherwise."""
        for node in self.lab.nodes.values() if self.lab.providers else ():
            node.wait_until("hactl resume", RESUME_SECONDS, root=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Unplugs all hosts."""
        self._stack.close()

    @property
    def cluster_text(self) -> str:
        """The setup's cluster.toml."""
        cluster = self.setup.topology.cluster
        assert cluster is not None
        return cluster.text

    @property
    def watcher(self) -> Client:
        """The host that the setup names to watch."""
        return self.lab.clients[self.setup.watcher]

    def virtual(self, network: str) -> IPv4Address:
        """The first virtual address there."""
        return virtual_address(self.lab, network)

    def card(self, node: Node, network: str) -> str:
        """The MAC address of the node's port on a network."""
        (port,) = (port for port in node.data.ports if port.network == network)
        return port.mac

    def own(self, node: Node, network: str) -> IPv4Address:
        """The node's own address there."""
        (port,) = (port for port in node.data.ports if port.network == network)
        return port.addresses[0].ip

    # Hosts

    def host(self, name: str, gateway: IPv4Address) -> Host:
        """A host of the setup as a kernel's own: it can run programs, and has the same addresses."""
        data = self.lab.clients[name].data
        self.lab.switch(data.network).detach(name)
        return self.bare_host(name, data.network, data.mac, data.vlan).settle(data.address, gateway)

    def bare_host(self, name: str, network: str, mac: str, vlan: int | None = None) -> Host:
        """One more host that has no address yet."""
        return self.plugged(name, self.lab.switch(network), mac, vlan)

    def plugged(self, name: str, switch: Switch, mac: str, vlan: int | None = None) -> Host:
        """The same, at any switch."""
        if self._namespaces is None:
            self._namespaces = self._stack.enter_context(Namespaces())
        host = Host(self._namespaces.make(name), switch, mac, vlan)
        self._stack.callback(host.close)
        return host

    def closing(self, thing: "Closable") -> None:
        """It is closed with the site."""
        self._stack.callback(thing.close)

    def observer(self, network: str, address: str) -> Client:
        """One more host, which only looks."""
        mac = "52:54:00:48:d0:f0"
        data = PlannedClient(f"observer-{network}", network, mac, IPv4Interface(address))
        return Client(data, self.lab.switch(network))

    def watch(self, client: Client | None = None, beyond: IPv4Address | None = None) -> Watch:
        """A host's questions for the first virtual address of its network, until the test ends."""
        client = client or self.watcher
        watch = client.watch(self.virtual(client.data.network), beyond)
        self._stack.callback(watch.close)
        return watch

    # What happens

    def answers(self, node: Node, *watches: Watch) -> None:
        """This node is active, and the hosts' pings are answered by it."""
        node.wait_for_state("active", MOVE_SECONDS)
        for watch in watches:
            virtual = next((mac for mac in watch.owners if mac.startswith(VIRTUAL_MAC)), None)
            own = self.card(node, watch.client.data.network)
            watch.wait_for_owner(virtual or own, Deadline(MOVE_SECONDS))
            self.served(watch)

    def served(self, watch: Watch, seconds: float = MOVE_SECONDS) -> None:
        """A host's pings are answered."""
        wait_until(
            lambda: all(probe.replied for probe in watch.probes[-_AGAIN - 1 : -1]),
            Deadline(seconds),
            f"answers of {watch.pinged}",
            watch.client.data.name,
        )

    def moves(self, what: str, happen: Callable[[], object], to: Node, *watches: Watch) -> float:
        """Lets something happen, and waits until the other node answers for all. Returns when it happened,
        in monotonic seconds; the claim has each host's view of it."""
        happened, clock = time.monotonic(), time.time()
        happen()
        self.answers(to, *watches)
        for network in {watch.client.data.network: None for watch in watches}:
            capture, card = self.lab.folder / f"{network}.pcap", self.card(to, network)
            if (seconds := first(capture, is_advertisement(card), clock)) is not None:
                self.claim.measure(f"{what}: {to.name} advertises on {network} after {seconds:.1f} s")
        for watch in watches:
            self.tell(what, watch, happened)
            limit = CONFLICT_SECONDS * timeout_multiplier()
            assert watch.longest_conflict() <= limit, "two nodes answered at the same time"
        return happened

    def tell(self, what: str, watch: Watch, happened: float) -> None:
        """The claim has how a host saw it."""
        name, network = watch.client.data.name, watch.client.data.network
        names = {self.card(node, network): node.name for node in self.lab.nodes.values()}
        trace = trace_of(what, f"{name} pings {watch.pinged}", watch.probes, happened, names)
        gap = "no answer any more" if trace.gap is None else f"no answer for {trace.gap:.1f} s"
        self.claim.measure(f"{what}: {trace.who}, {gap}")
        self.claim.trace(trace)

    def switch(self, giving: Node) -> Callable[[], object]:
        """A planned switch, asked for on the node that is active."""
        return lambda: giving.wait_until("hactl switch", MOVE_SECONDS)

    def since(self, happened: float) -> str:
        """How long ago it was."""
        return f"{time.monotonic() - happened:.1f} s"

    # Configuration

    def apply(self, text: str, files: Mapping[str, str] | None = None) -> None:
        """Both nodes have another cluster.toml from now on, and the files beside it."""
        for node in self.lab.nodes.values():
            apply_configuration(node, {"cluster.toml": text, **(files or {})})


class Closable(Protocol):
    """Anything that is closed."""

    def close(self) -> None: ...


def lines(text: str) -> Iterator[str]:
    """What a command has said."""
    return (line.rstrip() for line in text.strip().splitlines())
