"""What follows, as units of systemd, in the order in which they are started."""

from dataclasses import dataclass

from hadaemon.config.follow_model import DEFAULT_STOP, Follow

DHCP_UNIT = "hotspare-dhcp.service"
HAPROXY_UNIT = "hotspare-haproxy.service"
DIAL_IN = "hotspare-pppoe@"
"""How the units of dial-ins begin."""
REDIAL = 10.0
"""Seconds between two dials, at most: without it the node has no way out."""


@dataclass(frozen=True, slots=True)
class Follower:
    """One unit."""

    unit: str
    stop_timeout: float = DEFAULT_STOP
    """Seconds that it may take to stop; then it is killed."""
    interface: str | None = None
    """What is there while it runs: without it, it does not run, whatever systemd believes."""
    on_backup: bool = False
    """It runs on the backup too."""
    longest_pause: float = 60.0
    """Seconds between two attempts to start it, at most."""
    counts: bool = False
    """The election is told whether it runs well."""


def pppoe_unit(name: str) -> str:
    """The unit of a dial-in."""
    return f"{DIAL_IN}{name}.service"


def wireguard_unit(name: str) -> str:
    """The unit of a tunnel."""
    return f"hotspare-wireguard@{name}.service"


def followers(follow: Follow) -> tuple[Follower, ...]:
    """Links first, then what serves over them; the administrator's own in his order."""
    found = [Follower(pppoe_unit(each.name), longest_pause=REDIAL) for each in follow.pppoe]
    found += [Follower(wireguard_unit(each.name), interface=each.name) for each in follow.wireguard]
    if follow.dhcp:
        found.append(Follower(DHCP_UNIT))
    if follow.haproxy is not None:
        found.append(Follower(HAPROXY_UNIT, on_backup=follow.haproxy.on_backup))
    found += [Follower(each.unit, each.stop_timeout, counts=each.counts) for each in follow.services]
    return tuple(found)
