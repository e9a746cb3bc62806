"""A real host on one of the lab's switches: a network namespace with the kernel's own TCP/IP, on a TAP.

Other than a `Client` it can run programs: ssh, a download, anything that speaks through the pair.
"""

import contextlib
import os
import select
import threading
from ipaddress import IPv4Address, IPv4Interface

from firmware.lab.namespaces import Namespace
from firmware.lab.switch import MAX_FRAME, Switch

PORT = "eth0"


class Host:
    """A host that is plugged in until `close`."""

    address: IPv4Address
    """Its own, once it has settled."""

    def __init__(self, namespace: Namespace, switch: Switch, mac: str, vlan: int | None = None) -> None:
        """Plugs a namespace into a switch; it has no address yet.

        Args:
            namespace: the host's own; it ends after the host.
            switch: of the lab.
            mac: the MAC address of its network card.
            vlan: of its switch port; None: its frames are not tagged.
        """
        self.namespace = namespace
        self.mac = mac
        self._switch = switch
        self._tap = namespace.tap(PORT)
        namespace.run("ip", "link", "set", PORT, "address", mac, "up")
        self._send = switch.attach(namespace.name, self._deliver, vlan)
        self._end, self._ending = os.pipe()
        self._thread = threading.Thread(target=self._loop, name=f"host-{namespace.name}", daemon=True)
        self._thread.start()

    def settle(self, address: IPv4Interface, gateway: IPv4Address) -> "Host":
        """Gives it an address, and a gateway for everything that is not its own network; returns itself."""
        self.address = address.ip
        self.namespace.run("ip", "address", "add", str(address), "dev", PORT)
        self.namespace.run("ip", "route", "add", "default", "via", str(gateway))
        return self

    def close(self) -> None:
        """Unplugs it."""
        os.close(self._ending)
        self._thread.join()
        self._switch.detach(self.namespace.name)
        os.close(self._end)
        os.close(self._tap)

    def _deliver(self, frame: bytes) -> None:
        with contextlib.suppress(OSError):  # Its queue is full: the frame is lost, as in any network.
            os.write(self._tap, frame)

    def _loop(self) -> None:
        while True:
            ready, _, _ = select.select([self._tap, self._end], [], [])
            if self._end in ready:
                return
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._send(os.read(self._tap, MAX_FRAME))
