"""Real packets against the rules, through the active node: between a client inside and a server outside."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Packet

from hadaemon.config import conntrack_model

from .capture import Capture
from .namespaces import Namespace, Namespaces
from .pair import CLIENT, CLUSTER, OWN, VIRTUAL, TestNode, build_pair
from .ping import Pinger, PingStream
from .site import OUTWARDS, SERVER, SHORT, Site, build_site, connect, listen, refused, session
from .waiting import wait_for

INVALID = 200
CLOSED = Path(__file__).parents[2] / "rootfs-overlay/usr/share/hotspare/closed.nft"

SIX_RULES = f"""
[firewall]
established = "by-rule"
[[firewall.rules]]
action = "allow"
from = ["wan"]
states = ["established", "related"]
[[firewall.rules]]
action = "allow"
from = ["lan"]
services = ["tcp"]
states = ["new"]
[[firewall.rules]]
action = "allow"
from = ["lan"]
services = ["tcp"]
states = ["established"]
[[firewall.source_nat]]
address = "{VIRTUAL["wan"]}"
source = ["{CLIENT}"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Namespaces() as namespaces:
        pair = build_pair(namespaces, tmp_path)
        yield build_site(namespaces, pair)
        pair.check_logs()


def dropped(node: TestNode, chain: str) -> int:
    """How many packets the last rule of a chain has dropped."""
    text = node.namespace.run("nft", "list", "chain", "inet", "hotspare", chain)
    return int(re.findall(r"counter packets (\d+)", text)[-1])


def test_the_six_rules(site: Site) -> None:
    site.start(SIX_RULES)
    with (
        listen(site.client, 2222),
        listen(site.server, 22) as outside,
        session(site.client, SERVER, 22, outside) as ssh,
    ):
        assert ssh.source == VIRTUAL["wan"], "the source is the cluster's"
        assert ssh.passes()
        assert refused(site.server, CLIENT, 2222), "nothing new comes from outside"
        assert not answers(site, SERVER), "nor anything but TCP from inside"
        assert ssh.passes()
    before = dropped(site.alpha, "broken")
    stray = IP(src=CLIENT, dst=SERVER) / TCP(sport=5555, dport=22, flags="A", seq=1, ack=1)
    raw = site.client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(bytes(stray), (SERVER, 0))
    wait_for("it is dropped and counted", lambda: dropped(site.alpha, "broken") > before, within=2)


def test_of_many_invalid_packets_the_limit_is_logged_and_all_are_dropped(site: Site) -> None:
    """The log itself is the whole machine's, and off for namespaces (net.netfilter.nf_log_all_netns): so what
    passes the limit on its way to it is counted, in the very rule that was loaded."""
    site.start('[firewall]\nlog_invalid = "10/hour"\n')
    alpha = site.alpha.namespace
    chain = ("inet", "hotspare", "broken")
    found = re.search(
        r"(limit rate .*) (log prefix .*) # handle (\d+)", alpha.run("nft", "-a", "list", "chain", *chain)
    )
    assert found, "it is logged with a limit"
    limit, log, handle = found.groups()
    assert (limit, log) == ("limit rate 10/hour", 'log prefix "hotspare invalid: "')
    alpha.run("nft", f"replace rule {' '.join(chain)} handle {handle} {limit} counter {log}")
    before = dropped(site.alpha, "broken")
    stray = IP(src=CLIENT, dst=SERVER) / TCP(sport=5555, dport=22, flags="A", seq=1, ack=1)
    raw = site.client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for _ in range(INVALID):
        raw.sendto(bytes(stray), (SERVER, 0))
    wait_for("all are dropped", lambda: dropped(site.alpha, "broken") >= before + INVALID, within=2)
    listed = alpha.run("nft", "list", "chain", *chain)
    assert re.findall(r"counter packets (\d+) .* log", listed) == ["5"], "its burst, and 10 more in an hour"


def test_port_forward_and_destination_nat(site: Site) -> None:
    nat = f"""
[[firewall.destination_nat]]
address = "{VIRTUAL["wan"]}"
services = ["tcp/80"]
to = "{CLIENT}"
to_port = 8080
from = ["wan"]
"""
    site.start(nat)
    with listen(site.client, 8080) as inside:
        with session(site.server, VIRTUAL["wan"], 80, inside) as web:
            assert web.source == SERVER
            assert web.passes()
        assert refused(site.server, CLIENT, 8080), "only what was translated is allowed"
        assert refused(site.server, VIRTUAL["wan"], 8080)
        site.change(nat.replace("tcp/80", "any").replace("to_port = 8080\n", ""))
        with session(site.server, VIRTUAL["wan"], 8080, inside) as web:
            assert web.passes()


BLOCKED = """
set blocked { type ipv4_addr; flags interval; elements = { 192.168.175.0/30 } }
chain user_forward {
    ip saddr @blocked drop
}
"""


def test_what_rules_and_snippets_forbid_no_port_forward_lets_in(site: Site) -> None:
    nat = f"""
[[firewall.destination_nat]]
address = "{VIRTUAL["wan"]}"
services = ["tcp/80"]
to = "{CLIENT}"
to_port = 8080
from = ["wan"]
"""

    def rule(action: str, more: str) -> str:
        return f'[[firewall.rules]]\naction = "{action}"\nfrom = ["wan"]\n{more}\n'

    site.start(nat)
    with listen(site.client, 8080) as inside:

        def let_in() -> bool:
            try:
                with session(site.server, VIRTUAL["wan"], 80, inside) as web:
                    return web.passes()
            except OSError:
                return False

        assert let_in()
        site.change(nat + rule("drop", f'source = ["{SERVER}"]'))
        assert refused(site.server, VIRTUAL["wan"], 80), "a host that a rule drops"
        site.change(nat + rule("reject", 'services = ["tcp/8080"]'))
        with pytest.raises(OSError, match=r"unreachable|No route|refused"):
            connect(site.server, VIRTUAL["wan"], 80)
        site.change(nat + rule("allow", 'services = ["tcp/8080"]') + rule("drop", ""))
        assert let_in(), "the first rule that fits decides"
        site.change(nat + rule("drop", 'services = ["tcp/443"]'))
        assert let_in(), "what no rule is about"
        own = snippet(site.alpha, BLOCKED)
        site.change(nat)
        assert refused(site.server, VIRTUAL["wan"], 80), "a host on the list of a snippet"
        own.unlink()
        site.change(nat)
        assert let_in()


def test_a_change_of_nat_reaches_a_ping_that_runs_and_nothing_else(site: Site) -> None:
    """The first guide's ping, which kept its old translation until it was stopped for half a minute."""
    own, virtual = OWN["alpha"]["wan"], VIRTUAL["wan"]
    forward = f"""
[[firewall.destination_nat]]
address = "{virtual}"
services = ["tcp/80"]
to = "{CLIENT}"
"""
    nat = f'{OUTWARDS}{forward}[[firewall.source_nat]]\nto = ["wan"]\naddress = "{own}"\n'
    site.start(nat)
    problems = site.alpha.problems().splitlines()
    assert any("source_nat[0].address" in problem and "break at a switch" in problem for problem in problems)
    wire = Capture(site.server, "eth0")
    with (
        listen(site.client, 80) as inside,
        session(site.server, virtual, 80, inside) as web,
        PingStream(site.client, SERVER, 50) as pings,
    ):
        wire.wait("the ping has the node's address", lambda frame: is_ping(frame, own), within=3)
        assert site.change(nat.replace(own, virtual))["changed"]
        wire.wait("the ping has the cluster's address", lambda frame: is_ping(frame, virtual), within=3)
        told = len(wire.read())
        after = pings.sent
        wait_for("it goes on", lambda: pings.sent > after + 20, within=3)
        assert not any(is_ping(frame, own) for _, frame in wire.read()[told:])
        assert web.passes(), "what is not concerned goes on"
    assert site.alpha.status()["status"]["problems"] == []


def is_ping(frame: Packet, source: str) -> bool:
    return ICMP in frame and frame[ICMP].type == 8 and frame[IP].src == source


def test_a_service_of_the_node_is_reached_at_own_addresses_only(site: Site) -> None:
    site.start('[[firewall.rules]]\naction = "allow"\nfrom = ["lan"]\nto = ["node"]\nservices = ["ssh"]\n')
    with listen(site.alpha.namespace, 22):
        connect(site.client, OWN["alpha"]["lan"], 22).close()
        assert refused(site.client, VIRTUAL["lan"], 22)
        assert refused(site.server, OWN["alpha"]["wan"], 22)
        assert refused(site.client, SERVER, 22), "to the node is not through it"
        Pinger(site.client, VIRTUAL["lan"]).ping(1)


def test_on_an_outer_port_no_address_of_another_port_answers(site: Site) -> None:
    """Who is outside has only to send it there: to the kernel each address is the node's on every port."""
    nat = f'[[firewall.source_nat]]\naddress = "{VIRTUAL["wan"]}"\nfrom = ["lan"]\nto = ["wan"]\n'
    rule = '[[firewall.rules]]\naction = "allow"\nfrom = ["wan"]\nto = ["node"]\nservices = ["ssh", "ping"]\n'
    site.start(nat + rule)
    own, virtual = OWN["alpha"], VIRTUAL["lan"]
    site.server.run("ip", "route", "replace", "192.168.12.0/24", "via", own["wan"])
    with listen(site.alpha.namespace, 22):
        connect(site.server, own["wan"], 22).close()
        assert refused(site.server, own["lan"], 22)
        for address in (own["wan"], VIRTUAL["wan"]):
            assert reached(site.server, address)
        for address in (own["lan"], virtual):
            assert not reached(site.server, address)
        assert reached(site.client, own["wan"]), "from inside it is how a node is managed"
        named = rule.replace("services", f'destination = ["{own["lan"]}"]\nservices')
        site.change(nat + rule + named)
        connect(site.server, own["lan"], 22).close()
        assert not reached(site.server, virtual)


def test_an_atomic_change_keeps_a_running_connection(site: Site) -> None:
    site.start(SIX_RULES)
    with listen(site.server, 22) as outside, session(site.client, SERVER, 22, outside) as ssh:
        assert site.change(SIX_RULES.replace('"by-rule"', '"allow"') + OUTWARDS)["changed"]
        assert ssh.passes()
        nothing_new = SIX_RULES.replace('services = ["tcp"]\nstates = ["new"]', 'states = ["related"]')
        assert site.change(nothing_new)["changed"]
        assert ssh.passes()
        assert refused(site.client, SERVER, 22), "but nothing new"
    assert (site.alpha.state(), site.pair.beta.state()) == ("active", "backup")


def snippet(node: TestNode, text: str) -> Path:
    path = node.state_folder / "cluster.d" / "firewall" / "10-own.nft"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def loaded(node: TestNode) -> str:
    """The table in the kernel, without counters and without who has sent advertisements lately."""
    text = node.namespace.run("nft", "--stateless", "list", "table", "inet", "hotspare", check=False)
    text = re.sub(r"\tset senders\d_\w+ \{.*?\n\t\}\n", "", text, flags=re.DOTALL)
    return re.sub(r"counter packets \d+ bytes \d+", "counter", text)


def test_a_broken_snippet_leaves_the_rules_and_says_where(site: Site) -> None:
    site.start(OUTWARDS)
    Pinger(site.client, SERVER).ping(1)
    before = loaded(site.alpha)
    snippet(site.alpha, "chain user_forward {\n  nonsense\n}\n")
    answer = site.change(OUTWARDS.replace("allow", "drop"))
    assert not answer["ok"]
    assert "cluster.d/firewall/10-own.nft: line 2: Error" in str(answer["problems"])
    assert loaded(site.alpha) == before
    Pinger(site.client, SERVER).ping(1)
    assert site.alpha.state() == "active"
    snippet(site.alpha, "chain user_forward {\n  tcp dport 22 drop\n}\n")
    with listen(site.server, 22):
        connect(site.client, SERVER, 22).close()
        assert site.change(OUTWARDS)["changed"]
        assert refused(site.client, SERVER, 22)
        snippet(site.alpha, "").unlink()
        assert site.change(OUTWARDS)["changed"]
        connect(site.client, SERVER, 22).close()


OWN_VALUES = """
chain user_postrouting {
  oifname @port_wan ip daddr 192.0.2.9 snat ip to $own4_wan
  log prefix "$own_name sends"
}
"""


DOCS = Path(__file__).parents[2] / "docs"
PAGE, NETWORK = ((DOCS / name).read_text(encoding="utf-8") for name in ("firewall.md", "network.md"))
BLOCKLIST, MARKS = (re.findall(r"```nft\n(.*?)```", page, re.DOTALL)[-1] for page in (PAGE, NETWORK))
(HAIRPIN,) = re.findall(r"```toml hairpin\n(.*?)```", PAGE, re.DOTALL)


def test_the_manuals_snippets_are_loaded(site: Site) -> None:
    site.start(OUTWARDS)
    for text, sign in ((BLOCKLIST, "ip saddr @blocked drop"), (MARKS, "meta mark set 0x00000007")):
        snippet(site.alpha, text)
        assert site.change(OUTWARDS)["changed"]
        assert sign in loaded(site.alpha)


def test_hosts_inside_reach_one_of_them_by_the_outer_address(site: Site) -> None:
    """The manual's hairpin NAT; here a host reaches itself, which is the hardest case."""
    site.start(HAIRPIN.replace("192.168.12.80", CLIENT).replace('"https"', '"tcp/80"'))
    with listen(site.client, 80) as inside:
        with session(site.client, VIRTUAL["wan"], 80, inside) as near:
            assert near.source == VIRTUAL["lan"]
            assert near.passes()
        with session(site.server, VIRTUAL["wan"], 80, inside) as far:
            assert far.source == SERVER
            assert far.passes()


CONTROL_ONLY = """
[[firewall.rules]]
action = "allow"
from = ["lan"]
services = ["tcp/21"]
[[firewall.source_nat]]
address = "192.168.175.101"
from = ["lan"]
to = ["wan"]
"""


HELPERS = f"[conntrack]\nhelpers = {list(conntrack_model.HELPERS)}\n"


@pytest.mark.parametrize("helped", [False, True])
def test_passive_ftp_needs_no_rule_for_its_data_with_a_helper(helped: bool, site: Site) -> None:
    site.start(CONTROL_ONLY + (HELPERS if helped else ""))
    told = f"227 Entering Passive Mode ({SERVER.replace('.', ',')},117,48)\r\n"
    with (
        listen(site.server, 21) as server,
        listen(site.server, 117 * 256 + 48) as data,
        session(site.client, SERVER, 21, server) as control,
    ):
        for line in ("220 ready\r\n", told):
            control.far.sendall(line.encode())
            assert control.near.recv(100).decode() == line
        if not helped:
            assert refused(site.client, SERVER, 117 * 256 + 48)
            return
        with session(site.client, SERVER, 117 * 256 + 48, data) as second:
            assert second.source == VIRTUAL["wan"]
            assert second.passes()
        assert refused(site.client, SERVER, 117 * 256 + 49), "the port that was named, and no other"


def test_active_ftp_passes_through_source_nat_with_a_helper(site: Site) -> None:
    """The client names its own address, and the server is told the one that it was translated to."""
    site.start(CONTROL_ONLY + HELPERS)
    with (
        listen(site.server, 21) as server,
        listen(site.client, 117 * 256 + 48) as data,
        session(site.client, SERVER, 21, server) as control,
    ):
        control.far.sendall(b"220 ready\r\n")
        assert control.near.recv(100) == b"220 ready\r\n"
        control.near.sendall(b"USER guest\r\n")  # The kernel reads nothing before the end of a first line.
        assert control.far.recv(100) == b"USER guest\r\n"
        control.near.sendall(f"PORT {CLIENT.replace('.', ',')},117,48\r\n".encode())
        numbers = control.far.recv(100).decode().removeprefix("PORT ").split(",")
        assert ".".join(numbers[:4]) == VIRTUAL["wan"]
        port = int(numbers[4]) * 256 + int(numbers[5])
        with session(site.server, VIRTUAL["wan"], port, data) as second:
            assert second.source == SERVER
            assert second.passes()
        assert control.passes(), "the numbers of its bytes are right after another text"


def test_the_same_files_say_on_each_node_what_is_its_own(site: Site) -> None:
    site.start(OUTWARDS)
    for node in site.pair.nodes:
        snippet(node, OWN_VALUES)
        assert node.ask("reload")["changed"]
    files = {
        (
            (node.state_folder / "cluster.toml").read_text(),
            (node.state_folder / "cluster.d/firewall/10-own.nft").read_text(),
        )
        for node in site.pair.nodes
    }
    assert len(files) == 1
    for node in site.pair.nodes:
        rules = loaded(node)
        assert f"ip daddr 192.0.2.9 snat ip to {OWN[node.name]['wan']}" in rules
        assert f'log prefix "{node.name} sends"' in rules
    snippet(site.alpha, OWN_VALUES.replace("own4_wan", "own6_wan"))
    told = str(site.alpha.ask("reload")["problems"])
    assert "cluster.d/firewall/10-own.nft: line 3: Error: unknown identifier 'own6_wan'" in told


def test_a_node_that_boots_with_broken_rules_is_closed_and_leaves_the_traffic_to_the_other(
    site: Site,
) -> None:
    for node in site.pair.nodes:
        node.cluster = CLUSTER + OUTWARDS
        node.configure()
        node.namespace.run("nft", "--file", str(CLOSED))
    broken = snippet(site.alpha, "chain user_forward {\n  nonsense\n}\n")
    for node, state in ((site.pair.beta, "active"), (site.alpha, "off")):
        node.start()
        node.wait_state(state)
    Pinger(site.client, SERVER).ping(1)
    wait_for(
        "the problem is told",
        lambda: any("10-own.nft: line 2: Error" in problem for problem in site.alpha.problems().splitlines()),
        within=5,
    )
    assert not site.alpha.virtual_addresses()
    assert not answers(site, OWN["alpha"]["lan"])
    broken.unlink()
    assert site.alpha.ask("reload")["condition"] == "cluster"
    site.pair.wait_holder(site.alpha)
    Pinger(site.client, SERVER).ping(1)


def test_rules_follow_a_card_that_is_torn_out_and_comes_back(site: Site) -> None:
    site.start(OUTWARDS)
    assert loaded(site.alpha).count('"wan"') == 2
    site.alpha.tear_out("wan")
    wait_for("no rule has it", lambda: '"wan"' not in loaded(site.alpha), within=5)
    site.alpha.plug_in("wan")
    wait_for("all rules have it", lambda: loaded(site.alpha).count('"wan"') == 2, within=5)
    site.pair.wait_holder(site.alpha, within=10)
    wait_for("it forwards", lambda: answers(site, SERVER), within=5)


def reached(host: Namespace, address: str) -> bool:
    try:
        Pinger(host, address).ping(SHORT)
    except AssertionError:
        return False
    return True


def answers(site: Site, address: str) -> bool:
    return reached(site.client, address)


def test_the_rules_outlive_the_daemon(site: Site) -> None:
    site.start(OUTWARDS)
    before = loaded(site.alpha)
    assert "policy drop" in before
    assert site.alpha.daemon is not None
    site.alpha.daemon.kill()
    site.alpha.wait_end()
    assert loaded(site.alpha) == before


def test_a_packet_of_vrrp_is_for_ha_interfaces_only(site: Site) -> None:
    """The WAN is no HA interface here: what claims to be VRRP there never reaches a socket."""
    only_lan = CLUSTER.partition('[[ha_interfaces]]\nport = "wan"')[0]
    site.alpha.cluster = only_lan
    site.alpha.configure()
    site.alpha.start()
    site.alpha.wait_state("active")
    before = dropped(site.alpha, "ha")
    raw = site.server.socket(socket.AF_INET, socket.SOCK_RAW, 112)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    raw.sendto(b"\x31" + bytes(11), (OWN["alpha"]["wan"], 0))
    wait_for("it is dropped", lambda: dropped(site.alpha, "ha") > before, within=2)


def test_the_closed_rules_are_whole() -> None:
    subprocess.run(["unshare", "--net", "--map-root-user", "nft", "--file", str(CLOSED)], check=True)


def test_who_is_who(site: Site) -> None:
    """What these tests build on: without the firewall's word, everything would pass."""
    site.start("")
    assert refused(site.client, SERVER, 22)
    for node in site.pair.nodes:
        node.namespace.run("nft", "delete", "table", "inet", "hotspare")
    with listen(site.server, 22):
        connect(site.client, SERVER, 22).close()
