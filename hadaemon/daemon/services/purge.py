"""After a change of NAT the connections that it outdates leave the kernel's table. Blocking: for a thread."""

import contextlib
from collections.abc import Mapping

from hadaemon.config.firewall_model import Firewall
from hadaemon.firewall.outdated import nat_differs, outdated
from hadaemon.io.kernel.conntrack import ConnectionTable
from hadaemon.io.kernel.routes import Routes
from hadaemon.vrrp.model import IPAddress


def purge(before: Firewall, after: Firewall, ports: Mapping[int, str]) -> int:
    """`ports`: their names by the index of each interface of theirs. How many entries went. Raises
    NetlinkError."""
    if not nat_differs(before, after):
        return 0
    with ConnectionTable() as table, contextlib.closing(Routes()) as routes:

        def port_of(address: IPAddress) -> str | None:
            index = routes.interface_to(address)
            return None if index is None else ports.get(index)

        gone = [entry for entry in table.entries() if outdated(entry.flow, before, after, port_of)]
        for entry in gone:
            table.remove(entry)
    return len(gone)
