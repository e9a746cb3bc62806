"""udev: a hint that network hardware came or went, and what hardware is behind an interface.

Everything works without it (as in a namespace): netlink alone decides; udev adds driver names, and events
that netlink does not have (renaming and rebinding of a driver). A driver's name is in no message of netlink.
"""

from dataclasses import dataclass

import pyudev

_NET = "net"


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is behind an interface; empty where udev does not know."""

    driver: str
    path: str
    """Of the bus, e.g. `pci-0000:02:00.0`."""


class Udev:
    """The monitor and the database."""

    def __init__(self) -> None:
        self._context = pyudev.Context()
        self._monitor = pyudev.Monitor.from_netlink(self._context)
        self._monitor.filter_by(_NET)
        self._monitor.start()

    def fileno(self) -> int:
        """Readable when something came, went, moved or changed."""
        return int(self._monitor.fileno())

    def drain(self) -> None:
        """Reads and discards the events: they only say that it is time to look again."""
        while self._monitor.poll(timeout=0) is not None:
            pass

    def hardware(self, name: str) -> Hardware:
        """Driver and bus path of an interface."""
        try:
            device = pyudev.Devices.from_name(self._context, _NET, name)
        except pyudev.DeviceNotFoundError:
            return Hardware("", "")
        properties = device.properties
        return Hardware(str(properties.get("ID_NET_DRIVER", "")), str(properties.get("ID_PATH", "")))


def open_udev() -> Udev | None:
    """None where there is no udev library or no right to listen."""
    try:
        return Udev()
    except (ImportError, OSError):
        return None
