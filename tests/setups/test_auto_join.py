"""Real MAC addresses, and a master that takes back."""

import time

from tests.claims.wire import excerpt, is_announcement

from .conftest import Record
from .site import BOOT_SECONDS, Site

SETUP = "auto-join"


def test_a_host_sees_the_new_nodes_own_mac_address(site: Site, claim: Record) -> None:
    """The virtual address is at the active node's real MAC address, and gratuitous ARP alone tells a host of
    the change.
    """
    watch = site.watch()
    site.answers(site.master, watch)
    assert site.watcher.neighbour(watch.address) == site.card(site.master, "lan")
    claim.measure(f"before: {watch.address} is at {site.watcher.neighbour(watch.address)}, utm1's card")
    clock = time.time()
    site.moves("planned switch", site.switch(site.master), site.spare, watch)
    assert site.watcher.neighbour(watch.address) == site.card(site.spare, "lan")
    claim.measure(f"after: {watch.address} is at {site.watcher.neighbour(watch.address)}, utm2's card")
    capture = site.lab.folder / "lan.pcap"
    told = excerpt(capture, is_announcement(watch.address), clock)
    assert any(site.card(site.spare, "lan") in line for line in told)
    claim.show("announced on the LAN", told)


def test_the_preferred_master_takes_back(site: Site, claim: Record) -> None:
    """utm1 takes back what it had when it has booted again after a loss of power."""
    watch = site.watch()
    site.answers(site.master, watch)
    site.moves("power of utm1 lost", site.master.power_off, site.spare, watch)
    began = time.monotonic()
    site.master.power_on()
    site.master.wait_for_boot()
    site.master.wait_for_state("active", BOOT_SECONDS)
    claim.measure(f"active again {site.since(began)} after its power was back")
    site.answers(site.master, watch)
    site.tell("power of utm1 back", watch, began)
    site.spare.wait_for_state("backup")
