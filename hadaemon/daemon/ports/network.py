"""The kernel's side of the node, always current: which links and addresses there are."""

import asyncio
import errno
import logging
from collections.abc import Callable, Iterable, Mapping

from hadaemon.daemon.part import Part
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.closed import Closed
from hadaemon.io.kernel.links import (
    FOLLOWING,
    VIRTUAL_ADDRESS_PROTOCOL,
    Address,
    AddressAdded,
    AddressRemoved,
    Link,
    LinkGone,
    LinkTable,
)
from hadaemon.io.kernel.netlink import Netlink, Overrun
from hadaemon.io.kernel.policy_rules import put_tunnel_rules
from hadaemon.io.kernel.quiet import Quiet
from hadaemon.io.kernel.udev import Hardware, open_udev
from hadaemon.vrrp.mac import is_virtual_router_mac
from hadaemon.vrrp.model import IPAddress, IPInterface

log = logging.getLogger(__name__)

_LEVEL_CHECK = 30.0
"""Seconds between two looks at all links, whatever the kernel has told or not told."""


class Network(Part):
    """Links and addresses as the kernel has them. `changed` is called soon after a batch of changes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, changed: Callable[[], None]) -> None:
        self._loop = loop
        self._changed = changed
        self._scheduled = False
        self._netlink = Netlink()
        self._udev = open_udev()
        self._quiet = _open_quiet()
        self._closed: Closed | None = None
        self.table = LinkTable(self._netlink.list_all())
        self._check = loop.call_later(_LEVEL_CHECK, self._check_levels)
        loop.add_reader(self._netlink.fileno(), self._look)
        if self._udev is not None:
            loop.add_reader(self._udev.fileno(), self._udev_readable)

    async def close(self) -> None:
        """Stops following."""
        self._check.cancel()
        self._loop.remove_reader(self._netlink.fileno())
        if self._udev is not None:
            self._loop.remove_reader(self._udev.fileno())
        self._netlink.close()
        for filter_ in (self._quiet, self._closed):
            if filter_ is not None:
                filter_.close()

    def hardware(self, name: str) -> Hardware:
        """What is behind an interface; empty where there is no udev."""
        return self._udev.hardware(name) if self._udev is not None else Hardware("", "")

    def set_virtual(self, index: int, desired: frozenset[IPInterface], known: frozenset[IPInterface]) -> None:
        """Makes exactly `desired` the virtual addresses of a link; raises NetlinkError after having
        tried them all.

        An address counts as virtual when it carries our protocol number or is among `known` (kernels before
        5.18 keep no protocol number). No other address is touched. What stays is never taken away, not for an
        instant.
        """
        self._look()
        present = {address.interface: address for address in self.table.addresses(index)}
        ours = {interface for interface, address in present.items() if address.virtual or interface in known}
        failures: list[NetlinkError] = []
        for interface in _in_order(desired - present.keys()):
            self._attempt(failures, self._add, index, interface)
        for interface in _in_order(ours - desired):
            self._attempt(failures, self._remove, index, interface)
        if failures:
            raise failures[0]

    def be_quiet_about(self, addresses: Iterable[IPAddress]) -> None:
        """The node answers no ARP request and no neighbour solicitation for exactly these of its addresses.

        Raises NetlinkError.
        """
        wanted = frozenset(addresses)
        if self._quiet is None and wanted:
            self._quiet = Quiet()
        if self._quiet is not None:
            self._quiet.set(wanted)

    def close_to(self, addresses: Iterable[IPAddress]) -> None:
        """The node accepts nothing that is sent to exactly these addresses, and forwards as ever.

        Raises NetlinkError.
        """
        wanted = frozenset(addresses)
        if self._closed is None and wanted:
            self._closed = Closed()
        if self._closed is not None:
            self._closed.set(wanted)

    def add_macvlan(self, parent: Link, name: str, mac: str) -> Link:
        """Makes a macvlan on a port's link. Raises NetlinkError."""
        self._netlink.add_macvlan(parent.index, name, mac)
        self._look()
        link = self.table.named(name)
        if link is None:
            raise NetlinkError(f"add {name}", errno.ENODEV, "it is gone again")
        try:
            self._netlink.start_macvlan(link.index, name)
        except NetlinkError:
            self.remove_macvlan(link)
            raise
        return link

    def remove_macvlan(self, link: Link) -> None:
        """With it go its addresses. Raises NetlinkError."""
        self._netlink.remove_link(link.index, link.name)
        self.table.take(LinkGone(link.index))

    def follow_links(self, up: bool, wanted: Iterable[Link]) -> None:
        """Exactly these links follow the active node: all are up, or all are down. Raises NetlinkError after
        having tried them all."""
        indexes = {link.index for link in wanted}
        failures: list[NetlinkError] = []
        for link in self.table.links():
            follows = link.index in indexes
            group, state = (FOLLOWING, up) if follows else (0, True)
            if (follows and (link.up, link.group) != (state, group)) or (
                not follows and link.group == FOLLOWING
            ):
                try:
                    self._netlink.put_link(link.index, link.name, state, group)
                except NetlinkError as error:
                    failures.append(error)
        self._look()
        if failures:
            raise failures[0]

    def lead_into_tunnels(self, versions: frozenset[int]) -> None:
        """Tunnels may take everything of exactly these versions of IP. Raises NetlinkError."""
        put_tunnel_rules(versions)

    def put(self, link: Link, up: bool | None, group: int) -> None:
        """Takes a link up or down (None: as it is), and puts it into a group. Raises NetlinkError."""
        self._netlink.put_link(link.index, link.name, up, group)
        self._look()

    def drop_leftovers(self, wanted: Mapping[int, frozenset[IPInterface]]) -> None:
        """Removes every macvlan and every address of ours that is not in `wanted` (by link index)."""
        self._look()
        for link in self.table.links():
            if link.kind == "macvlan" and is_virtual_router_mac(link.mac) and link.index not in wanted:
                log.warning("removing the left %s (%s)", link.name, link.mac)
                try:
                    self.remove_macvlan(link)
                except NetlinkError as error:
                    log.error("%s", error)
        for link in self.table.links():
            ours = {address.interface for address in self.table.addresses(link.index) if address.virtual}
            for interface in _in_order(ours - wanted.get(link.index, frozenset())):
                log.warning("dropping the virtual address %s left on %s", interface, link.name)
                try:
                    self._remove(link.index, interface)
                except NetlinkError as error:
                    log.error("%s on %s", error, link.name)

    def _attempt(
        self,
        failures: list[NetlinkError],
        act: Callable[[int, IPInterface], None],
        index: int,
        interface: IPInterface,
    ) -> None:
        try:
            act(index, interface)
        except NetlinkError as error:
            failures.append(error)

    def _add(self, index: int, interface: IPInterface) -> None:
        self._netlink.add_address(index, interface)
        self.table.take(AddressAdded(index, Address(interface, VIRTUAL_ADDRESS_PROTOCOL)))

    def _remove(self, index: int, interface: IPInterface) -> None:
        self._netlink.remove_address(index, interface)
        self.table.take(AddressRemoved(index, interface))

    def _look(self) -> None:
        """Takes in what the kernel says has changed."""
        try:
            facts = self._netlink.changes()
        except Overrun:
            log.warning("netlink messages were lost: listing all links and addresses again")
            self._list_again()
            return
        for fact in facts:
            self.table.take(fact)
        if facts:
            self._schedule()

    def _list_again(self) -> None:
        self.table = LinkTable(self._netlink.list_all())
        self._schedule()

    def _check_levels(self) -> None:
        """A net below the messages: whatever got lost, and however, is known after the next look."""
        self._check = self._loop.call_later(_LEVEL_CHECK, self._check_levels)
        try:
            # Twice: a link may change between what is told of it and the look.
            if not self._is_true() and not self._is_true():
                log.warning("links are not what they were taken for: listing all links and addresses again")
                self._list_again()
        except NetlinkError as error:
            log.error("%s", error)

    def _is_true(self) -> bool:
        """What is known of the links, once all that was told is taken in, is what the kernel has."""
        self._look()
        return self._netlink.list_states() == self.table.states()

    def _udev_readable(self) -> None:
        assert self._udev is not None
        self._udev.drain()
        self._look()
        self._schedule()

    def _schedule(self) -> None:
        # Later, not now: the changes may have been read in the middle of an action.
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._scheduled = False
        self._changed()


def _in_order(interfaces: Iterable[IPInterface]) -> list[IPInterface]:
    """IPv4 first; the two families cannot be compared."""
    return sorted(interfaces, key=lambda interface: (interface.version, interface))


def _open_quiet() -> Quiet | None:
    """None where the kernel lacks it: then the other node's announcement alone decides a planned switch."""
    try:
        return Quiet()
    except NetlinkError as error:
        log.warning("%s: a planned switch may lose packets", error)
        return None
