"""The base network: what the standard daemons are given, and what happens when it changes."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from hadaemon.alarms.sender import Sender
from hadaemon.config import ClusterConfig, NodeConfig, load_cluster, load_node
from hadaemon.io.errors import EdgeError
from hadaemon.messenger.settings import decode
from hadaemon.setup import apply, effect
from hadaemon.setup.effect import Effect
from hadaemon.setup.networkd import effective, network_files, remade
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.services import services
from hadaemon.setup.sources import own_source
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

ROOT = Path(__file__).resolve().parents[3]
NODE = """
schema = 1
name = "alpha"
[ports.lan]
members = ["52:54:00:48:0a:01", "52:54:00:48:0a:04"]
addresses = ["192.168.12.141/24", "2001:db8:12::141/64"]
[ports.guest]
parent = "lan"
vlan = 20
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
[ports.hotwire]
mac = "52:54:00:48:0a:03"
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[routes]]
destination = "default"
gateway = "192.168.175.1"
[[routes]]
destination = "10.0.0.0/8"
gateway = "192.168.20.9"
port = "guest"
metric = 7
[dns]
servers = ["192.168.12.53"]
search = ["example.org"]
[ntp]
servers = ["ntp.example.org"]
[ssh]
ports = ["lan"]
[syslog]
servers = ["203.0.113.5", "192.168.12.53"]
[conntrack]
helpers = ["ftp", "sane"]
[kernel]
"net.ipv4.tcp_sack" = 0
[alarms.webhook]
url = "https://alarms.example.org/SECRET"
[alarms.mail]
relay = "mail.example.org"
user = "hotspare"
password = "SECRET"
from = "hotspare@example.org"
to = ["admin@example.org"]
"""


@pytest.fixture
def node() -> NodeConfig:
    return load_node(NODE)


@pytest.fixture
def cluster() -> ClusterConfig:
    return load_cluster(CLUSTER)


def texts(node: NodeConfig, cluster: ClusterConfig | None) -> dict[str, str]:
    """Of all services, by the last part of their paths."""
    return {
        path.rpartition("/")[2] if "conf.d" not in path else path.split("/")[2]: text
        for service in services(node, cluster)
        for path, text in service.files.items()
    }


def test_a_bond_is_made_of_its_cards(node: NodeConfig, cluster: ClusterConfig):
    files = network_files(node, cluster)
    bond = files["10-hotspare-lan.netdev"].splitlines()
    assert {"Name=lan.bond", "Kind=bond", "MACAddress=52:54:00:48:0a:01", "Mode=active-backup"} <= set(bond)
    assert "[Match]\nName=lan.bond\n" in files["10-hotspare-lan.network"]
    assert "VLAN=guest.20\n" in files["10-hotspare-lan.network"]
    for number, card in ((1, "01"), (2, "04")):
        member = files[f"10-hotspare-lan-member-{number}.network"]
        assert f"[Match]\nPermanentMACAddress=52:54:00:48:0a:{card}\n" in member
        assert "Bond=lan.bond\n" in member
        assert "Address=" not in member.replace("PermanentMACAddress=", "")
    lacp = load_node(NODE.replace("addresses", 'bond_mode = "lacp"\naddresses', 1))
    assert "Mode=802.3ad\n" in network_files(lacp, cluster)["10-hotspare-lan.netdev"]


def test_routes_leave_by_their_port_and_come_from_its_own_address(node: NodeConfig, cluster: ClusterConfig):
    files = network_files(node, cluster)
    default = "[Route]\nDestination=0.0.0.0/0\nGateway=192.168.175.1\nPreferredSource=192.168.175.102\n"
    assert files["10-hotspare-wan.network"].endswith(default)
    ours = "[Route]\nDestination=10.0.0.0/8\nGateway=192.168.20.9\nGatewayOnLink=yes\nMetric=7\n"
    assert files["10-hotspare-guest.network"].endswith(ours), (
        "no own address: only the active node reaches it"
    )
    assert "[Route]" not in files["10-hotspare-lan.network"]


def test_a_named_address_of_the_hotwire_is_on_its_port(node: NodeConfig, cluster: ClusterConfig):
    assert "Address=192.168.180.2/24\n" in network_files(node, cluster)["10-hotspare-hotwire.network"]


def test_what_is_configured_goes_before_what_dhcp_says():
    node = load_node('schema = 1\nname = "a"\n[ports.wan]\nmac = "52:54:00:48:0a:02"\ndhcp = true\n')
    lines = network_files(node, None)["10-hotspare-wan.network"].splitlines()
    assert {"DHCP=ipv4", "ClientIdentifier=mac", "UseDNS=yes", "UseNTP=yes"} <= set(lines)
    assert set(texts(node, None)) == {"resolved.conf.d", "timesyncd.conf.d"}, "somebody takes what it says"
    own = replace(node, system=load_cluster(CLUSTER).system)
    own = replace(own, system=replace(own.system, routes=(), ssh=None))
    assert {"UseDNS=no", "UseNTP=no"} <= set(network_files(own, None)["10-hotspare-wan.network"].splitlines())


def test_modules_of_helpers_are_loaded_where_there_are_helpers(node: NodeConfig, cluster: ClusterConfig):
    found = texts(node, cluster)["hotspare-helpers.conf"].splitlines()
    assert found == ["nf_conntrack_ftp", "nf_nat_ftp", "nf_conntrack_sane"]
    assert "hotspare-helpers.conf" not in texts(node, load_cluster(CLUSTER.replace("helpers", "#")))


def test_nothing_runs_that_no_file_names(node: NodeConfig):
    assert texts(node, None) == {}


def test_who_is_asked_for_names_and_time(node: NodeConfig, cluster: ClusterConfig):
    found = texts(node, cluster)
    assert {
        "DNS=192.168.12.53",
        "Domains=example.org",
        "FallbackDNS=",
        "DNSStubListener=no",
        "LLMNR=no",
    } <= set(found["resolved.conf.d"].splitlines())
    assert {"NTP=ntp.example.org", "FallbackNTP="} <= set(found["timesyncd.conf.d"].splitlines())


def test_administrators_are_let_in_at_own_addresses(node: NodeConfig, cluster: ClusterConfig):
    found = texts(node, cluster)
    listening = [line for line in found["hotspare-ssh.socket"].splitlines() if line.startswith("Listen")]
    assert listening == ["ListenStream=192.168.12.141:22", "ListenStream=[2001:db8:12::141]:22"]
    lines = found["sshd_config"].splitlines()
    assert {"PasswordAuthentication no", "PermitRootLogin no", "AllowUsers admin"} <= set(lines)
    assert "AuthenticationMethods publickey" in lines
    with_password = load_cluster(CLUSTER.replace('ports = ["lan"]', 'ports = ["lan"]\npassword = true'))
    assert (
        "AuthenticationMethods publickey password" in texts(node, with_password)["sshd_config"].splitlines()
    )


def test_log_messages_come_from_the_own_address_that_leads_there(node: NodeConfig, cluster: ClusterConfig):
    far, near = (line for line in texts(node, cluster)["rsyslog.conf"].splitlines() if "omfwd" in line)
    assert 'target="203.0.113.5"' in far
    assert 'address="192.168.175.102"' in far
    assert 'address="192.168.12.141"' in near
    system = effective(node, cluster)
    assert own_source(node, system, ip_address("2001:db8:99::1")) is None


def test_vlans_and_bonds_that_changed_are_made_anew(node: NodeConfig, cluster: ClusterConfig):
    before = network_files(node, cluster)
    assert remade(before, before) == ()
    tagged = network_files(load_node(NODE.replace("vlan = 20", "vlan = 21")), cluster)
    assert remade(before, tagged) == ("guest.20",)
    lacp = network_files(load_node(NODE.replace("addresses", 'bond_mode = "lacp"\naddresses', 1)), cluster)
    assert remade(before, lacp) == ("lan.bond",)
    members = NODE[NODE.index("members") : NODE.index("addresses")]
    plain = network_files(load_node(NODE.replace(members, 'mac = "52:54:00:48:0a:01"\n')), cluster)
    assert remade(before, plain) == ("lan.bond",)
    assert "10-hotspare-lan-member-1.network" not in plain


class Programs:
    """What would have been run."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.broken = ""

    def __call__(self, *command: str) -> None:
        self.calls.append(" ".join(command))
        if command[0] == "ssh-keygen":
            for suffix in ("", ".pub"):
                Path(command[-1] + suffix).write_text("key")
        if self.broken and self.broken in self.calls[-1]:
            raise EdgeError(f"{self.calls[-1]}: it broke")

    def take(self) -> list[str]:
        taken, self.calls = self.calls, []
        return taken


@pytest.fixture
def programs() -> Programs:
    return Programs()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places(tmp_path)
    for folder in (places.etc, places.state):
        folder.mkdir(parents=True)
    (places.etc / "shadow").write_text("admin:*:::::::\n")
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    return places


def take(places: Places, programs: Programs, configuration: Configuration) -> tuple[str, ...]:
    return Effect(places, programs).take(configuration, Owners())


def test_only_what_changed_is_touched(
    places: Places, programs: Programs, node: NodeConfig, cluster: ClusterConfig
):
    pair = Configuration(Condition.CLUSTER, node, cluster)
    assert take(places, programs, pair) == ()
    first = programs.take()
    assert "networkctl reload" in first
    assert "systemctl daemon-reload" in first
    assert [call for call in first if call.startswith("systemctl restart")] == [
        f"systemctl restart {service.unit}" for service in services(node, cluster)
    ]
    assert (places.state / "ssh/ssh_host_ed25519_key").read_text() == "key"
    assert take(places, programs, pair) == ()
    again = ["networkctl reload", *(f"systemctl start {service.unit}" for service in services(node, cluster))]
    assert programs.take() == again
    other = load_cluster(CLUSTER.replace("ntp.example.org", "ntp2.example.org"))
    take(places, programs, Configuration(Condition.CLUSTER, node, other))
    assert "systemctl restart systemd-timesyncd.service" in (calls := programs.take())
    assert not any("restart systemd-resolved" in call for call in calls)


def test_what_is_not_wanted_any_more_stops(
    places: Places, programs: Programs, node: NodeConfig, cluster: ClusterConfig
):
    take(places, programs, Configuration(Condition.CLUSTER, node, cluster))
    programs.take()
    (places.root / "run/systemd/resolve").mkdir()
    (places.root / "run/systemd/resolve/resolv.conf").write_text("nameserver 192.168.12.53\n")
    assert take(places, programs, Configuration(Condition.STAND_ALONE, node)) == ()
    calls = programs.take()
    for service in services(node, cluster):
        assert f"systemctl stop {service.unit}" in calls
    assert not (places.root / "run/systemd/system/hotspare-ssh.socket").exists()
    assert not (places.root / "run/systemd/resolve/resolv.conf").exists(), "nobody is asked any more"


def test_a_refused_configuration_takes_nothing_away(
    places: Places, programs: Programs, node: NodeConfig, cluster: ClusterConfig
):
    take(places, programs, Configuration(Condition.CLUSTER, node, cluster))
    programs.take()
    take(places, programs, Configuration(Condition.REFUSED, node, problems=("wrong",)))
    assert programs.take() == []
    own = replace(node, system=cluster.system)
    take(places, programs, Configuration(Condition.REFUSED, own, problems=("wrong",)))
    assert "systemctl start hotspare-ssh.socket" in programs.take(), "somebody can come and repair it"


def test_a_step_that_fails_is_told_and_the_others_go_on(
    places: Places, programs: Programs, node: NodeConfig, cluster: ClusterConfig
):
    programs.broken = "timesyncd"
    problems = take(places, programs, Configuration(Condition.CLUSTER, node, cluster))
    assert problems == ("systemctl restart systemd-timesyncd.service: it broke",)
    assert "systemctl restart hotspare-ssh.socket" in programs.take()
    programs.broken = ""
    assert take(places, programs, Configuration(Condition.CLUSTER, node, cluster)) == ()
    assert "systemctl restart systemd-timesyncd.service" in programs.take(), "it is not taken for done"


def test_an_interface_that_is_made_anew_goes_first(
    places: Places,
    programs: Programs,
    node: NodeConfig,
    cluster: ClusterConfig,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(effect.socket, "if_nameindex", lambda: [(1, "lo"), (2, "guest.20")])
    removed: list[str] = []
    take(places, programs, Configuration(Condition.CLUSTER, node, cluster))
    other = load_node(
        NODE.replace("vlan = 20", "vlan = 21").replace("members", 'bond_mode = "lacp"\nmembers')
    )
    subject = Effect(places, programs, removed.append)
    assert subject.take(Configuration(Condition.CLUSTER, other, cluster), Owners()) == ()
    assert removed == ["guest.20"], "the bond is not there"


def test_who_is_told_of_alarms_is_the_messengers_secret(
    places: Places, programs: Programs, node: NodeConfig, cluster: ClusterConfig
):
    take(places, programs, Configuration(Condition.CLUSTER, node, cluster))
    with_secrets = {
        path for path in places.root.rglob("*") if path.is_file() and "SECRET" in path.read_text()
    }
    assert with_secrets == {places.run / "alarms.json", places.run / "msmtprc"}
    for path in with_secrets:
        assert path.stat().st_mode & 0o777 == 0o600
    settings = decode((places.run / "alarms.json").read_text())
    assert (settings.sender, settings.alarms) == (Sender("alpha", "office"), cluster.system.alarms)
    far, near, other = (ip_address(text) for text in ("203.0.113.5", "192.168.12.9", "2001:db8:99::1"))
    assert [settings.source(to) for to in (far, near, other)] == ["192.168.175.102", "192.168.12.141", None]
    assert "host mail.example.org\n" in (places.run / "msmtprc").read_text()
    assert "tls_trust_file /etc/ssl/certs/ca-certificates.crt\n" in (places.run / "msmtprc").read_text()


def test_login_finds_its_locale():
    assert "LANG=" in (ROOT / "rootfs-overlay/etc/locale.conf").read_text()


def test_networkd_keeps_what_it_did_not_add(node: NodeConfig, cluster: ClusterConfig):
    """Measured with systemd 257: at a restart `static` drops virtual IPv6 addresses: they are deprecated."""
    for name, text in network_files(node, cluster).items():
        if name.endswith(".network") and "-member-" not in name:
            assert "KeepConfiguration=yes" in text.splitlines()
