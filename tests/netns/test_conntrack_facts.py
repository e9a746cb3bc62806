"""What conntrackd and the kernel do when every state is injected into the spare: the facts that the order of
the daemon's steps stands on (docs/conntrack.md). A newer conntrackd that behaves otherwise shows here.

alpha is or was active, beta its spare or its successor.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest

from hadaemon.config.conntrack_model import Conntrack
from hadaemon.conntrack.conntrackd_conf import ConntrackdFiles, Ends, conntrackd_conf
from hadaemon.conntrack.course import CourseStep
from hadaemon.io.programs.conntrackd import REQUESTS, STATISTICS

from .conntrack import Flow, Kernel, build_kernels
from .namespaces import Namespaces
from .waiting import stretched, wait_for

SHORT = 2
"""Seconds, of a flow's timeout here."""
LONG = 120
MANY = 5000
VERY_MANY = 100_000


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[tuple[Kernel, Kernel]]:
    with Namespaces() as namespaces:
        alpha, beta = build_kernels(namespaces, tmp_path)
        alpha.start()
        beta.start()
        yield alpha, beta


def for_seconds(seconds: float, look: Callable[[], bool]) -> bool:
    """Whether it held at each of many looks."""
    end = time.monotonic() + seconds
    held = True
    while time.monotonic() < end:
        held = look() and held
        time.sleep(0.1)
    return held


def test_every_state_is_in_the_spares_kernel_and_goes_with_the_flow(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    alpha.add_mixture()
    beta.wait_count(alpha.count())
    wanted = {Kernel.identity(line) for line in alpha.entries() + alpha.entries("-f", "ipv6")}
    found = {Kernel.identity(line) for line in beta.entries() + beta.entries("-f", "ipv6")}
    assert found == wanted
    alpha.namespace.run("conntrack", "-D", "-p", "sctp")
    beta.wait_count(len(wanted) - 1)


def test_own_addresses_and_the_hotwire_stay_at_home(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    for source in ("127.0.0.1", "192.168.180.2", Kernel.OWN[0], "10.0.0.1"):
        alpha.add(f"-p udp -s {source} -d 203.0.113.9 --sport 7 --dport 9 -t 60")
    beta.wait_count(1)
    assert "src=10.0.0.1" in beta.entries()[0]


def test_only_chosen_protocols_are_told_and_ignored_networks_are_not(tmp_path: Path) -> None:
    ignored = ("10.0.0.2/32", "203.0.113.64/26", "2001:db8:9::/48", "2001:db8:8::1/128")
    with Namespaces() as namespaces:
        alpha, beta = build_kernels(namespaces, tmp_path)
        for kernel in (alpha, beta):
            kernel.settings = Conntrack(protocols=("tcp", "icmp"), ignore=tuple(map(ip_network, ignored)))
            kernel.configure()
            kernel.start()
        alpha.add_mixture()
        for ends in (
            "-s 10.0.0.1 -d 203.0.113.65",
            "-s 203.0.113.66 -d 10.0.0.1",
            "-s 2001:db8:9::1 -d 2001:db8::2",
            "-s 2001:db8::2 -d 2001:db8:8::1",
            "-s 10.0.0.1 -d 203.0.113.63",  # The last one, and told.
        ):
            alpha.add(f"-p tcp {ends} --sport 9 --dport 443 --state ESTABLISHED -t 100")
        wait_for("the last one", lambda: "dst=203.0.113.63" in str(beta.entries("-p", "tcp")), 5)
        told = {Kernel.identity(line) for line in beta.entries() + beta.entries("-f", "ipv6")}
        assert sorted(line.split()[0] for line in told) == ["icmp", "icmpv6", "tcp", "tcp", "tcp", "tcp"]
        assert "10.0.0.2" not in str(beta.entries()), "its source is ignored, whatever it is translated to"


def test_1_refreshes_make_no_event(kernels: tuple[Kernel, Kernel]) -> None:
    """A flow that is alive on the active goes from the spare after one timeout."""
    alpha, beta = kernels
    with Flow(alpha.namespace, SHORT) as flow:
        wait_for("the flow is on the spare", lambda: flow.on(beta.namespace), 5)
        wait_for("it goes from the spare", lambda: flow.on(beta.namespace) is None, 2 * SHORT + 3)
        assert flow.on(alpha.namespace)


@pytest.mark.nightly
def test_1_what_is_learnt_and_sent_again_stays(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    timeout = 4 * SHORT
    with Flow(alpha.namespace, timeout) as flow:
        wait_for("the flow is on the spare", lambda: flow.on(beta.namespace), 5)

        def refreshed() -> bool:
            alpha.order("-R", "-B")
            return flow.on(beta.namespace) is not None

        assert for_seconds(1.5 * timeout, refreshed)


def taken_over(alpha: Kernel, beta: Kernel, steps: Callable[[], None]) -> bool:
    """A flow goes from alpha to beta; whether beta's entry is the same one long after alpha's expired."""
    with Flow(alpha.namespace, SHORT) as flow:
        wait_for("the flow is on the spare", lambda: flow.on(beta.namespace), 5)
    with Flow(beta.namespace, LONG) as flow:
        steps()
        adopted = flow.on(beta.namespace)
        assert adopted is not None
        expired = time.monotonic() + 2 * SHORT + 2
        while time.monotonic() < expired and flow.on(beta.namespace) == adopted:
            alpha.entries()  # A look at the table clears what has expired.
            time.sleep(0.1)
        return flow.on(beta.namespace) == adopted


def test_2_an_entry_that_expires_on_the_former_active_deletes_the_live_one(
    kernels: tuple[Kernel, Kernel],
) -> None:
    assert not taken_over(*kernels, steps=lambda: None)


def test_2_not_so_after_the_steps_in_their_order(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels

    def steps() -> None:
        beta.order("-R")
        alpha.order("-F", "-n")

    assert taken_over(alpha, beta, steps)


def test_3_conntracks_flush_empties_the_peer_and_conntrackds_does_not(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    alpha.load(50)
    beta.wait_count(50)
    alpha.order("-F")
    alpha.wait_count(0)
    assert for_seconds(1, lambda: beta.count() == 50)
    beta.order("-R")
    alpha.order("-n")
    alpha.wait_count(50)
    beta.namespace.run("conntrack", "-F")
    alpha.wait_count(0)


@pytest.mark.nightly
def test_4_shortening_timers_wipes_what_was_injected(kernels: tuple[Kernel, Kernel]) -> None:
    """The stock script of a new backup does this."""
    alpha, beta = kernels
    beta.stop()
    text = beta.configuration.read_text()
    beta.configuration.write_text(text.replace("\t\tStartupResync On\n", "\t\tPurgeTimeout 1\n"))
    beta.start()
    alpha.load(MANY)
    beta.wait_count(MANY)
    beta.order("-t")
    wait_for("the injected states go", lambda: beta.count() < MANY // 10, 10)
    assert alpha.count() == MANY


def counts_until_equal(alpha: Kernel, beta: Kernel) -> int:
    """How often the spare had to ask until it had all."""
    for asked in range(10):
        try:
            beta.wait_count(alpha.count(), within=3)
        except AssertionError:
            beta.order("-n")
        else:
            return asked
    raise AssertionError(f"{beta.count()} of {alpha.count()} after asking ten times")


def test_5_counts_are_compared_and_the_spare_asks_again(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    alpha.load(MANY)
    for _ in range(2):
        beta.order("-F")
        alpha.order("-f", "-R", "-B")
        counts_until_equal(alpha, beta)


@pytest.mark.nightly
def test_5_with_very_many(kernels: tuple[Kernel, Kernel]) -> None:
    alpha, beta = kernels
    alpha.load(VERY_MANY)
    for _ in range(6):
        beta.order("-F")
        alpha.order("-f", "-R", "-B")
        counts_until_equal(alpha, beta)


@pytest.mark.parametrize(
    "option, request_",
    [("-R", CourseStep.LEARN), ("-B", CourseStep.SEND), ("-F", CourseStep.EMPTY), ("-n", CourseStep.ASK)],
)
def test_the_numbers_of_the_requests(tmp_path: Path, option: str, request_: str) -> None:
    assert asked(tmp_path, option) == REQUESTS[request_]


def test_the_number_of_the_request_for_statistics(tmp_path: Path) -> None:
    assert asked(tmp_path, "-s") == REQUESTS[STATISTICS]


def asked(folder: Path, option: str) -> int:
    """What conntrackd's own command sends."""
    configuration, places = (
        folder / "conntrackd.conf",
        ConntrackdFiles(str(folder / "socket"), str(folder / "lock")),
    )
    ends = Ends("lo", IPv4Address("127.0.0.1"), IPv4Address("127.0.0.2"))
    configuration.write_text(conntrackd_conf(ends, (), 0, places))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(places.socket)
        listening.listen()
        listening.settimeout(stretched(5))
        with subprocess.Popen(["/usr/sbin/conntrackd", "-C", str(configuration), option]):
            connection, _ = listening.accept()
            with connection:
                return int.from_bytes(connection.recv(4), sys.byteorder)
