"""The node's own network as its units have it: applied at once, and no virtual address ever goes."""

from collections.abc import Iterator

import pytest

from tests.lab.container import Container

from .pair import ContainerPair

OWN = {"alpha": "192.168.12.141", "beta": "192.168.12.142"}
VIRTUAL = "192.168.12.1"
VIRTUAL6 = "2001:db8:12::1"
LINK_LOCAL = "fe80::48:33"
COMMON = """
[[routes]]
destination = "default"
gateway = "192.168.175.1"
[[routes]]
destination = "198.51.100.0/24"
gateway = "192.168.12.50"
[dns]
servers = ["192.168.12.53"]
search = ["example.org"]
[ntp]
servers = ["192.168.12.53"]
[ssh]
ports = ["lan"]
[syslog]
servers = ["192.168.12.53"]
"""
ADVERTISING = '[ha_interfaces.router_advertisements]\\ndns = [\\"2001:db8:12::53\\"]'


@pytest.fixture(scope="module")
def networked(image_pair: ContainerPair) -> Iterator[ContainerPair]:
    """Both nodes have everything that a gateway's network is made of; told by a reload alone."""
    image_pair.wait_ready()
    watched = "ip -o monitor address > /run/addresses.log 2>&1"
    heard = "tcpdump -c 1 -nn -v -i any 'icmp6 and ip6[40] == 134' > /run/advertised.log 2>&1"
    virtual6 = f's/]/, \\"{VIRTUAL6}\\/64\\"]\\n{ADVERTISING}/'
    for node in image_pair.nodes.values():
        node.run("mkdir -p /data/kept && cp -p /data/state/*.toml /data/kept", root=True)
        node.run(f"(setsid {watched} < /dev/null &) ; (setsid {heard} < /dev/null &)", root=True)
        edit = f'sed -i "/{VIRTUAL}.24/{virtual6}" cluster.toml'
        node.run(f"cd /data/state && {edit} && printf '{COMMON}' >> cluster.toml && hactl reload", root=True)
    for node in image_pair.nodes.values():
        node.wait_until("systemctl is-active --quiet hotspare-ssh.socket")
        node.wait_until("! hactl status | grep 'not as the files say'")
    image_pair.wait_ready()
    yield image_pair
    for node in image_pair.nodes.values():
        node.run("pkill -x tcpdump; pkill -x ip; true", root=True)
        node.run("cp -p /data/kept/*.toml /data/state && rm -r /data/kept && hactl reload", root=True)
        node.wait_until("! systemctl is-active --quiet hotspare-ssh.socket hotspare-apply.service")


def removed(node: Container) -> str:
    """Virtual addresses that were taken away since the watch began."""
    return node.run(
        f"grep -E 'Deleted.* ({VIRTUAL}|192.168.175.101|{VIRTUAL6})/' /run/addresses.log || true"
    ).output


def test_routes_names_time_and_log_are_as_the_files_say(networked: ContainerPair) -> None:
    for name, node in networked.nodes.items():
        node.wait_until("ip route show default | grep -q 'via 192.168.175.1 .*src 192.168.175.10[23]'")
        node.wait_until(f"ip route show 198.51.100.0/24 | grep -q 'via 192.168.12.50 .*src {OWN[name]}'")
        node.wait_until("grep -q 'nameserver 192.168.12.53' /etc/resolv.conf")
        assert "search example.org" in node.run("cat /etc/resolv.conf").output
        node.run("systemctl is-active systemd-timesyncd && timedatectl show-timesync | grep -q 192.168.12.53")
        seen = "timeout 60 tcpdump -c 1 -nn -i any udp port 514 and dst 192.168.12.53 2>/dev/null"
        logged = "(for i in $(seq 60); do logger here; sleep 1; done) & LOGGERS=$!; "
        card = "$(ip -o route get 192.168.12.53 | sed 's/.* dev \\([^ ]*\\).*/\\1/')"
        node.run(f"ip neighbour replace 192.168.12.53 lladdr 52:54:00:48:c0:01 dev {card}", root=True)
        assert f"{OWN[name]}." in node.run(f"{logged} {seen}; kill $LOGGERS", root=True, seconds=120).output
    assert removed(networked.node("alpha")) == ""


def test_administrators_reach_own_addresses_and_no_other(networked: ContainerPair) -> None:
    alpha, beta = networked.node("alpha"), networked.node("beta")
    listening = [line.split()[3] for line in alpha.run("ss -H -ltn 'sport = :22'").output.splitlines()]
    assert listening == ["192.168.12.141:22"]
    key = beta.run(
        "rm -f /run/probe*; ssh-keygen -q -t ed25519 -N '' -f /run/probe && cat /run/probe.pub", root=True
    ).output.strip()
    give = f"""sed -i 's|^ssh_keys = .*|ssh_keys = ["{key}"]|' /data/state/admin.toml && hactl reload"""
    alpha.run(give, root=True)
    alpha.wait_until(f"grep -q '{key}' /data/home/admin/.ssh/authorized_keys", root=True)
    ssh = "ssh -i /run/probe -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    told = beta.run(
        f"{ssh} -o ConnectTimeout=20 admin@192.168.12.141 id -un 2>/run/probe.log; cat /run/probe.log",
        root=True,
    ).output
    assert told.splitlines()[0] == "admin", told
    assert "locale" not in told
    for address in (VIRTUAL, "192.168.175.102", "192.168.180.2"):
        beta.run(f"! timeout 3 {ssh} admin@{address} true 2>/dev/null", root=True)
    journal = "journalctl -b -o cat --no-pager | grep '[d]efault/locale' || true"
    assert "locale" not in alpha.run(journal, root=True).output


def test_the_active_node_advertises_from_the_virtual_address(networked: ContainerPair) -> None:
    beta = networked.node("beta")
    beta.wait_until("grep -q 'router advertisement' /run/advertised.log")
    told = beta.run("cat /run/advertised.log").output
    assert f"{LINK_LOCAL} > ff02::1" in told
    assert "2001:db8:12::/64" in told
    assert "router lifetime 1800s" in told


def test_restarting_the_network_manager_drops_no_virtual_address(pair: ContainerPair) -> None:
    alpha = pair.node("alpha")
    changes = alpha.run(
        "ip -o monitor address > /run/changes & monitor=$!; sleep 1; "
        "systemctl restart systemd-networkd; sleep 5; kill $monitor; cat /run/changes",
        root=True,
    ).output
    lost = [line for line in changes.splitlines() if "Deleted" in line and "192.168.12.1/" in line]
    assert not lost
    held = alpha.run("ip -o address show proto 0x48").output
    assert "192.168.12.1/24" in held
    assert "192.168.175.101/24" in held
    assert pair.node("beta").state() == "backup"
