"""conntrackd missing, more events than its buffer holds, a full table: told, and the pair goes on."""

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hadaemon.cli.conntrack import conntrack_lines
from hadaemon.conntrack.course import COMPARE_DELAY, COMPARE_PERIOD, REFRESH_PERIOD
from hadaemon.conntrack.patience import FIRST
from hadaemon.control.codec import decode
from hadaemon.io.programs.conntrackd import most_connections
from hadaemon.status.parts import ConntrackStatus

from .conntrack import Kernel, build_kernels
from .hotwire import HotwireNode
from .namespaces import Namespaces
from .pair import VIRTUAL
from .ping import Pinger
from .site import OUTWARDS, SERVER, build_site, connect, listen, refused, session
from .tracked import CONNECTIONS, Tracked
from .waiting import wait_for

REFUSAL = (
    "/usr/bin/systemctl ended with 1: Job for hotspare-conntrackd.service failed because the control process "
    "exited with error code."
)
"""What the helper says when the service manager cannot start it."""
STARTED_ANEW = 15.0
"""Seconds until the daemon asks again for a conntrackd that is away."""
TOO_MANY = 40_000
"""More than its buffer holds: a third of them fits into 16 MB."""
FLOWS = 20_000
"""Likewise."""
NEAR, FAR = "10.99.0.1", "10.99.0.2"


def shown(tracked: Tracked, node: HotwireNode) -> str:
    """The connections in `hactl status`."""
    return "\n".join(conntrack_lines(decode(ConntrackStatus, tracked.conntrack(node))))


def goes_on(tracked: Tracked) -> None:
    """A pair without conntrackd elects, by health and back again when that is asked for, and answers."""
    alpha, beta = tracked.pair.hot_nodes
    pinger = Pinger(tracked.pair.client, VIRTUAL["lan"])
    pinger.ping(1)
    alpha.pull("lan")
    tracked.pair.wait_holder(beta)
    pinger.ping(1)
    alpha.plug("lan")


@pytest.mark.nightly
def test_refused_it_is_told_the_pair_goes_on_and_it_is_taken_up_when_it_starts(untold: Tracked) -> None:
    for helper in untold.helpers.values():
        helper.refusal = REFUSAL
    untold.pair.start()
    for node in untold.pair.hot_nodes:
        node.wait_problem("connections: conntrackd does not run")
        node.wait_problem(f"connections: helper: conntrackd-restart: {REFUSAL}", within=FIRST + 10)
        assert shown(untold, node).startswith("connections: NOT SYNCHRONIZED: ")
    goes_on(untold)
    for helper in untold.helpers.values():
        helper.refusal = ""
    is_taken_up(untold)


def test_one_that_ends_at_once_is_told_and_is_taken_up_when_it_is_there(untold: Tracked) -> None:
    """Its program is not there; the service manager, which tries again by itself, finds it later."""
    for helper in untold.helpers.values():
        helper.program = "/nowhere/conntrackd"
    untold.pair.start()
    for node in untold.pair.hot_nodes:
        node.wait_problem("connections: conntrackd does not run")
        assert shown(untold, node).startswith("connections: NOT SYNCHRONIZED: ")
    goes_on(untold)
    for helper in untold.helpers.values():
        helper.program = "conntrackd"
        helper.start()
    is_taken_up(untold)


def is_taken_up(tracked: Tracked) -> None:
    """Nothing is told of it any more, and connections are on both nodes."""
    alpha, beta = tracked.pair.hot_nodes
    for node in (alpha, beta):
        tracked.wait_running(node, within=STARTED_ANEW + 5)
        wait_for(f"{node.name} complains no more", lambda n=node: "connections" not in n.problems(), 5)
        assert "NOT SYNCHRONIZED" not in shown(tracked, node)
    tracked.pair.wait_holder(alpha, within=15)
    tracked.load(alpha)
    tracked.wait_count(beta, CONNECTIONS)


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[tuple[Kernel, Kernel]]:
    """alpha is active and sends packets to itself."""
    with Namespaces() as namespaces:
        alpha, beta = build_kernels(namespaces, tmp_path)
        tracking = "add table inet t; add chain inet t c { type filter hook output priority 0; }"
        alpha.namespace.run("nft", f"{tracking}; add rule inet t c ct state new accept")
        for address in (NEAR, FAR):
            alpha.namespace.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        for kernel in (alpha, beta):
            kernel.start()
        yield alpha, beta


def send_to_all(kernel: Kernel) -> None:
    """A packet of each flow."""
    with kernel.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind((NEAR, 4000))
        for port in range(10_000, 10_000 + FLOWS):
            near.sendto(b"x", (FAR, port))


def learn_and_send(kernel: Kernel) -> None:
    """As the active does regularly."""
    kernel.order("-R", "-B")


def flows(kernel: Kernel) -> int:
    return len(kernel.entries("-p", "udp", "-s", NEAR))


@pytest.mark.parametrize("late", [send_to_all, learn_and_send])
def test_an_event_that_did_not_fit_comes_with_its_flows_next_packet_or_the_refresh(
    kernels: tuple[Kernel, Kernel], late: Callable[[Kernel], None]
) -> None:
    """What NetlinkEventsReliable is there for. No packet is lost by it, and conntrackd counts no overrun."""
    alpha, beta = kernels
    assert alpha.process is not None
    alpha.process.send_signal(signal.SIGSTOP)
    send_to_all(alpha)
    assert flows(alpha) == FLOWS
    alpha.process.send_signal(signal.SIGCONT)
    wait_for("all that fitted are there", lambda: 0 < flows(beta) == still(beta), 5)
    assert flows(beta) < FLOWS, "some did not fit"
    late(alpha)
    wait_for("beta has all", lambda: flows(beta) == FLOWS, 5)


def still(kernel: Kernel) -> int:
    """Their number a moment later."""
    time.sleep(0.3)
    return flows(kernel)


@pytest.mark.nightly
def test_more_events_than_fit_are_told_and_the_spare_has_all_after_the_next_refresh(tracked: Tracked) -> None:
    """conntrackd stands still while the connections come, and they are idle afterwards."""
    alpha, beta = tracked.pair.hot_nodes
    process = tracked.helpers["alpha"].conntrackd
    assert process is not None
    # A refresh that comes meanwhile would hide that events are missing: one is waited for.
    tracked.load(alpha, 1)
    tracked.wait_count(beta, 1)
    refreshed = re.compile("resync with master conntrack table")
    log = alpha.folder / "conntrackd.log"
    before = len(refreshed.findall(log.read_text()))
    wait_for("a refresh", lambda: len(refreshed.findall(log.read_text())) > before, REFRESH_PERIOD + 5)
    process.send_signal(signal.SIGSTOP)
    tracked.load(alpha, TOO_MANY)
    process.send_signal(signal.SIGCONT)
    wait_for("those that fitted", lambda: tracked.count(beta) > 1, 5)
    # It tells what it has, asks in vain, and says so.
    beta.wait_problem("of the other node's are missing here", within=COMPARE_PERIOD + 4 * COMPARE_DELAY)
    assert 0 < tracked.count(beta) < TOO_MANY
    assert re.search(r"\d+ missing here", shown(tracked, beta))
    assert tracked.pair.states() == ("active", "backup")
    tracked.wait_count(beta, TOO_MANY, within=REFRESH_PERIOD + 5)
    wait_for("it complains no more", lambda: "connections" not in beta.problems(), COMPARE_PERIOD + 5)
    assert "missing here" not in shown(tracked, beta)
    assert tracked.helpers["alpha"].verbs == [], "it was not started anew"


@pytest.mark.nightly
def test_a_full_table_is_told_and_the_pair_goes_on_and_fails_over(untold: Tracked) -> None:
    """For real: the number of entries is each namespace's own, and only the limit is the whole machine's."""
    pair, most = untold.pair, most_connections()
    alpha, beta = pair.hot_nodes
    site = build_site(untold.namespaces, pair)
    # The one that was dead does not take over again while it is looked at.
    pair.change(lambda text: text.replace("[vrrp]\n", "[vrrp]\npreempt = false\n") + OUTWARDS)
    untold.start()
    with listen(site.server, 22) as outside, session(site.client, SERVER, 22, outside) as ssh:
        assert ssh.passes()
        untold.load(alpha, most + 1, check=False)
        alpha.wait_problem(f"of at most {most} entries: when it is full, new connections are dropped")
        assert refused(site.client, SERVER, 22), "it is full"
        assert ssh.passes()
        assert pair.states() == ("active", "backup")
        assert [node.hotwire()["state"] for node in pair.hot_nodes] == ["up", "up"]
        beta.wait_problem(f"of at most {most} entries", within=30)
        alpha.kill()
        pair.wait_holder(beta)
        assert ssh.passes()
        # What the nodes say to each other needs no place in the table.
        alpha.start()
        pair.wait_up()
        assert beta.namespace.run("conntrack", "-C").strip() == str(most), "it was full all the time"
        beta.namespace.run("conntrack", "-F")
        wait_for("it complains no more", lambda: "of at most" not in beta.problems(), 10)
        connect(site.client, SERVER, 22).close()
