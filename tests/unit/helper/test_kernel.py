"""The settings of the kernel: set, changed, and put back to what they were, in a folder for /proc/sys."""

from pathlib import Path

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.daemon.health.kernel_settings import KernelSettings
from hadaemon.daemon.today import Today
from hadaemon.helper.kernel import put_back, set_wanted
from hadaemon.io.kernel.settings import BEFORE, WANTED, read_setting
from hadaemon.setup.services import services
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition
from tests.unit.config.test_kernel import CLUSTER

NODE = load_node('schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n')
SACK, RMEM = "net.ipv4.tcp_sack", "net.ipv4.tcp_rmem"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    folder = tmp_path / "proc/net/ipv4"
    folder.mkdir(parents=True)
    (tmp_path / WANTED).parent.mkdir(parents=True)
    (folder / "tcp_sack").write_text("1\n")
    (folder / "tcp_rmem").write_text("4096\t131072\t6291456\n")
    return tmp_path / "proc"


def wants(root: Path, lines: str) -> None:
    """As the setup writes it."""
    found = {service.unit: service for service in services(NODE, load_cluster(CLUSTER + lines))}
    (root / WANTED).write_text(found["hotspare-kernel.service"].files[WANTED])


def test_it_is_set_and_put_back(kernel: Path, tmp_path: Path):
    wants(tmp_path, '"net.ipv4.tcp_sack" = 0\n"net.ipv4.tcp_rmem" = "4096 9000 9000"')
    for _ in range(2):  # The second start finds its own values, and does not keep those.
        assert set_wanted(tmp_path, kernel) == ()
        assert (read_setting(SACK, kernel), read_setting(RMEM, kernel)) == ("0", "4096 9000 9000")
    assert put_back(tmp_path, kernel) == ()
    assert (read_setting(SACK, kernel), read_setting(RMEM, kernel)) == ("1", "4096 131072 6291456")
    assert not (tmp_path / BEFORE).exists()
    assert put_back(tmp_path, kernel) == ()


def test_one_that_the_kernel_does_not_have_keeps_no_other_from_being_set(kernel: Path, tmp_path: Path):
    wants(tmp_path, '"net.ipv4.tcp_rfc1337" = 1\n"net.ipv4.tcp_sack" = 0')
    (problem,) = set_wanted(tmp_path, kernel)
    assert "net.ipv4.tcp_rfc1337" in problem
    assert read_setting(SACK, kernel) == "0"
    assert put_back(tmp_path, kernel) == ()
    assert read_setting(SACK, kernel) == "1"


def test_a_larger_table_of_connections_is_set_as_the_other_settings_are(kernel: Path, tmp_path: Path):
    folder = kernel / "net/netfilter"
    folder.mkdir()
    (folder / "nf_conntrack_max").write_text("262144\n")
    (folder / "nf_conntrack_buckets").write_text("65536\n")
    wants(tmp_path, '"net.ipv4.tcp_sack" = 0\n[conntrack]\nmax_connections = 1000000')
    assert set_wanted(tmp_path, kernel) == ()
    assert read_setting("net.netfilter.nf_conntrack_max", kernel) == "1000000"
    assert read_setting("net.netfilter.nf_conntrack_buckets", kernel) == "250368"
    assert put_back(tmp_path, kernel) == ()
    assert read_setting("net.netfilter.nf_conntrack_max", kernel) == "262144"


def test_the_daemon_tells_when_the_table_may_take_too_much_of_the_memory():
    today = Today()
    part = KernelSettings(today, lambda name: None, memory=1 << 30)
    for most, told in ((262144, []), (1 << 20, ["conntrack/max_connections"])):
        cluster = load_cluster(CLUSTER + f"[conntrack]\nmax_connections = {most}")
        today.configuration = Configuration(Condition.CLUSTER, NODE, cluster)
        found = [problem for problem in part.problems if problem.resource.startswith("conntrack")]
        assert [problem.resource for problem in found] == told
        assert all("1024 MB: 838860 at most leave enough" in problem.text for problem in found)


def test_there_is_no_file_where_nothing_is_to_be_set(tmp_path: Path):
    for cluster in (None, load_cluster(CLUSTER)):
        found = {service.unit: service for service in services(NODE, cluster)}
        assert found["hotspare-kernel.service"].files == {}


def test_the_daemon_tells_what_is_not_as_it_is_to_be(kernel: Path):
    lines = '"net.ipv4.tcp_rfc1337" = 1\n"net.ipv4.tcp_sack" = 0\n"net.ipv4.tcp_rmem" = "4096 131072 6291456"'
    today = Today()
    part = KernelSettings(today, lambda name: read_setting(name, kernel))
    assert part.problems == ()
    today.configuration = Configuration(Condition.CLUSTER, NODE, load_cluster(CLUSTER + lines))
    assert [problem.resource for problem in part.problems] == [
        "kernel/net.ipv4.tcp_rfc1337",
        "kernel/net.ipv4.tcp_sack",
    ]
