"""Two virtual machines: ping groups, preemption, a shared MAC address, one checkout."""

import json
import shutil
import time
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.keys import exchange_keys
from firmware.lab.node import Node
from firmware.lab.setups import SETUPS
from tests.claims.wire import excerpt, is_announcement
from tests.lab.checkout import Checkout

from .conftest import Record
from .site import VIRTUAL_MAC, Site, lines

SETUP = "virtual-cluster"
INTERNET = IPv4Address("198.51.100.22")
INSIDE = ("inside1", "inside2", "inside3")
SECONDS = 60.0
SECOND = IPv4Address("10.0.2.4")
"""One more virtual address inside, which is deployed."""
CONFIRM = 120
"""Seconds after which a change goes back that nobody has confirmed."""
WAITS = "test -e /data/state/generations/confirm.json"


def groups(node: Node) -> dict[str, list[str]]:
    """The hosts of each ping group that do not answer this node."""
    return {each["name"]: each["failed_hosts"] for each in node.status()["status"]["ping_groups"]}


def wait_for_silent(node: Node, group: str, count: int) -> None:
    wait_until(
        lambda: len(groups(node)[group]) == count,
        Deadline(SECONDS),
        f"{count} silent hosts of {group}",
        node.name,
        1.0,
        lambda: json.dumps(groups(node)),
    )


def test_one_host_that_fails_moves_the_pair(site: Site) -> None:
    """A group of one host: when 198.51.100.22 does not answer fw-a any more, fw-b takes over, in both
    networks.
    """
    inside, outside = site.watch(), site.watch(site.lab.clients["router"])
    site.answers(site.master, inside, outside)
    own = frozenset({site.own(site.master, "ext")})

    def fall_silent() -> None:
        outside.client.silent_to = own

    site.moves(f"{INTERNET} silent to fw-a", fall_silent, site.spare, inside, outside)


def test_a_host_that_is_silent_to_both_moves_nothing(site: Site, claim: Record) -> None:
    """If the host is silent to both nodes, neither is better, and the preferred one stays active."""
    watch = site.watch()
    site.answers(site.master, watch)
    router = site.lab.clients["router"]
    router.silent_to = frozenset(site.own(node, "ext") for node in (site.master, site.spare))
    for node in (site.master, site.spare):
        wait_for_silent(node, "internet", 1)
        claim.measure(f"{node.name}: {groups(node)['internet'][0]} does not answer")
    site.answers(site.master, watch)
    assert len(watch.owners) == 1


def test_of_three_hosts_all_must_fail(site: Site, claim: Record) -> None:
    """A group of three hosts: two that are silent to fw-a move nothing, and with the third one fw-b takes
    over.
    """
    watch = site.watch(site.lab.clients["router"])
    site.answers(site.master, watch)
    own = frozenset({site.own(site.master, "int")})
    first, second, third = (site.lab.clients[name] for name in INSIDE)
    first.silent_to = second.silent_to = own
    wait_for_silent(site.master, "inside", 2)
    claim.measure(f"two are silent: fw-a is {site.master.state()}")
    site.answers(site.master, watch)

    def fall_silent() -> None:
        third.silent_to = own

    site.moves("the third one silent", fall_silent, site.spare, watch)


def test_the_networks_move_together_and_the_preferred_takes_back(site: Site) -> None:
    """Whoever loses one network gives both away, and fw-a takes back as soon as it is well again."""
    inside, outside = site.watch(), site.watch(site.lab.clients["router"])
    site.answers(site.master, inside, outside)
    pull, plug = (lambda: site.master.pull("ext")), (lambda: site.master.plug("ext"))
    site.moves("ext of fw-a pulled", pull, site.spare, inside, outside)
    site.moves("ext of fw-a plugged in again", plug, site.master, inside, outside)


def test_a_hosts_arp_entry_stays(site: Site, claim: Record) -> None:
    """The virtual address keeps its MAC address: a host's ARP entry is the same after a failover."""
    watch = site.watch()
    site.answers(site.master, watch)
    before, clock = site.watcher.neighbour(watch.address), time.time()
    site.moves("power of fw-a lost", site.master.power_off, site.spare, watch)
    after = site.watcher.neighbour(watch.address)
    assert before
    assert before.startswith(VIRTUAL_MAC)
    assert after == before
    assert watch.owners == (before,)
    claim.measure(f"{watch.address} is at {before} before, and at {after} after it")
    capture = site.lab.folder / "int.pcap"
    claim.show("announced by fw-b", excerpt(capture, is_announcement(watch.address), clock))


@pytest.fixture
def checkout(site: Site, tmp_path: Path) -> Checkout:
    """Of a host inside, with one more virtual address in cluster.toml. Both nodes know who is there."""
    exchange_keys(site.master, site.spare)
    nodes = {str(site.own(node, "int")): node for node in (site.master, site.spare)}
    for node in nodes.values():
        node.wait_until("systemctl is-active --quiet hotspare-ssh.socket")
    folder = shutil.copytree(SETUPS / SETUP, tmp_path / SETUP)
    checkout = Checkout(site.host("inside1", site.virtual("int")).namespace, folder, nodes)
    text = checkout.cluster.read_text()
    checkout.cluster.write_text(text.replace('["10.0.2.3/24"]', f'["10.0.2.3/24", "{SECOND}/24"]'))
    return checkout


def has(node: Node) -> str:
    """Its cluster.toml."""
    return node.run("cat /data/state/cluster.toml", root=True).output


def test_both_are_changed_from_one_checkout(site: Site, checkout: Checkout, claim: Record) -> None:
    """An administrator inside deploys a checkout: he is shown what would change, and it is applied on both
    nodes and confirmed.
    """
    began = time.monotonic()
    done = checkout.deploy(answer="y\n")
    claim.show("python3 invoke.py deploy", tuple(lines(done.stdout)))
    assert done.returncode == 0, done.stdout
    assert (
        f"+ cluster.toml: ha_interfaces[0].virtual_addresses = ['10.0.2.3/24', '{SECOND}/24']" in done.stdout
    )
    assert "cluster: apply this on both nodes? [y/N]" in done.stdout
    assert "is applied on fw-a and fw-b, and confirmed" in done.stdout
    claim.measure(f"applied and confirmed after {site.since(began)}, by {checkout.connections} connections")
    for node in (site.master, site.spare):
        assert has(node) == checkout.cluster.read_text()
        node.run(f"! {WAITS}", root=True)
    assert site.lab.clients["inside2"].ping(SECOND, Deadline(SECONDS)) > 0
    again = checkout.deploy()
    assert "cluster: nothing to do: the nodes have this configuration" in again.stdout


def test_what_breaks_off_goes_back_on_both(site: Site, checkout: Checkout, claim: Record) -> None:
    """If the administrator's cable is pulled before it is confirmed, both nodes go back by themselves."""
    before = [has(node) for node in (site.master, site.spare)]
    looked = checkout.deploy("--check")
    assert "would change, and was not changed" in looked.stdout, looked.stdout
    after_it_is_applied = checkout.connections + 2
    done = checkout.deploy("--yes", "--confirm", str(CONFIRM), pull_at=after_it_is_applied)
    pulled = time.monotonic()
    claim.show("python3 invoke.py deploy", tuple(lines(done.stdout)))
    assert done.returncode == 1, done.stdout
    assert "cannot be reached" in done.stdout
    assert f"what was applied goes back by itself within {CONFIRM} s" in done.stdout
    for node in (site.master, site.spare):
        node.run(WAITS, root=True)
        assert has(node) == checkout.cluster.read_text()
    for node, text in zip((site.master, site.spare), before, strict=True):
        node.wait_until(f"! {WAITS}", CONFIRM + SECONDS, root=True)
        assert has(node) == text
        claim.measure(f"{node.name} has what it had {site.since(pulled)} after deploy had given up")
    site.answers(site.master, site.watch(site.lab.clients["inside2"]))
