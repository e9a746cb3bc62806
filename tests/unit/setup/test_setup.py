"""The boot-time setup, with a root folder of its own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.cluster import Memory
from hadaemon.config import load_admin, load_cluster, load_node
from hadaemon.errors import HadaemonError
from hadaemon.io.store.memory_file import MemoryFile
from hadaemon.setup import apply, medium
from hadaemon.setup.main import main, set_up, take_from_medium, take_preseed
from hadaemon.setup.medium import Medium, MediumError
from hadaemon.setup.networkd import network_file, network_files
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.render import issue, with_password
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

PRESEED = f"""
schema = 1
[admin]
password_hash = "$6$salt${"x" * 86}"
ssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{"A" * 43} admin@office"]
[node]
name = "alpha"
[node.ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[node.ports.wan]
mac = "52:54:00:48:0a:02"
[cluster]
name = "office"
master = "alpha"
[[cluster.ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    places = Places(tmp_path / "root")
    for folder in (places.etc, places.console.parent, places.medium):
        folder.mkdir(parents=True)
    (places.etc / "shadow").write_text("root:*:::::::\nadmin:!:20000:0:99999:7:::\n")
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    yield places
    assert not list(tmp_path.rglob(".*.new")), "a staged file is left"


class Stick:
    """A preseed medium that is a folder."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "preseed.toml").write_text(text)

    def take(self, places: Places, owners: Owners) -> None:
        take_preseed(Medium(Path("/dev/stick"), self.folder), places, owners)

    def names(self) -> set[str]:
        return {entry.name for entry in self.folder.iterdir()}


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stick:
    monkeypatch.setattr(medium, "run_program", lambda *command: "")
    return Stick(tmp_path / "stick", PRESEED)


def refuse(places: Places, owners: Owners) -> None:
    raise AssertionError("this node must not take a preseed")


def test_a_preseed_configures_the_node(places: Places, stick: Stick):
    assert set_up(places, Owners(), stick.take) == ()
    node = load_node((places.state / "node.toml").read_text())
    assert (node.name, set(node.ports)) == ("alpha", {"lan", "wan"})
    assert load_cluster((places.state / "cluster.toml").read_text()).master == "alpha"
    assert load_admin(places.admin_file.read_text()).ssh_keys
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in places.state.iterdir()}
    assert modes == {
        "node.toml": 0o640,
        "cluster.toml": 0o640,
        "admin.toml": 0o600,
        "daemon": 0o750,
        "good": 0o750,
    }
    assert places.state.stat().st_mode & 0o777 == 0o750
    assert (places.etc / "hostname").read_text() == "alpha\n"
    assert places.language.read_text() == "en\n"
    assert "admin:$6$" in (places.etc / "shadow").read_text()
    keys = places.admin_home / ".ssh/authorized_keys"
    assert "ssh-ed25519" in keys.read_text()
    assert keys.stat().st_mode & 0o777 == 0o600
    assert "Address=192.168.12.141/24" in (places.networkd / "10-hotspare-lan.network").read_text()
    assert "node alpha, master of cluster office" in places.issue.read_text()
    assert not places.console.exists(), "nothing is wrong: nothing is shouted"


def test_what_admin_toml_names_no_more_opens_nothing(places: Places, stick: Stick):
    assert set_up(places, Owners(), stick.take) == ()
    keys = places.admin_home / ".ssh/authorized_keys"
    hash_ = load_admin(places.admin_file.read_text()).password_hash
    places.admin_file.write_text(f'schema = 1\npassword_hash = "{hash_}"\n')
    assert apply.apply_admin(places, Owners()) == ()
    assert "ssh-ed25519" not in keys.read_text()
    assert f"admin:{hash_}:" in (places.etc / "shadow").read_text()
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} other@office"
    places.admin_file.write_text(f'schema = 1\nssh_keys = ["{key}"]\n')
    assert apply.apply_admin(places, Owners()) == ()
    assert "admin:*:" in (places.etc / "shadow").read_text()
    assert key in keys.read_text()
    places.admin_file.unlink()
    assert apply.apply_admin(places, Owners()) == ()
    assert "ssh-ed25519" not in keys.read_text()


def test_an_admin_toml_that_is_refused_changes_nothing(places: Places, stick: Stick):
    assert set_up(places, Owners(), stick.take) == ()
    before = (places.etc / "shadow").read_text(), (places.admin_home / ".ssh/authorized_keys").read_text()
    places.admin_file.write_text("schema = 1\n")
    assert apply.apply_admin(places, Owners()) != ()
    now = (places.etc / "shadow").read_text(), (places.admin_home / ".ssh/authorized_keys").read_text()
    assert now == before


def test_a_boot_that_leaves_nothing_to_do_says_so(places: Places, stick: Stick):
    ordered: list[tuple[str, ...]] = []
    assert set_up(places, Owners(), stick.take, lambda *command: ordered.append(command)) == ()
    assert places.applied.exists()
    assert ordered == []


def test_services_are_ordered_at_a_boot_and_not_waited_for(places: Places, tmp_path: Path):
    ordered: list[tuple[str, ...]] = []
    text = PRESEED.replace("[node]\n", '[node]\nntp.servers = ["192.168.12.9"]\n', 1)
    assert set_up(places, Owners(), Stick(tmp_path / "ntp", text).take, lambda *c: ordered.append(c)) == ()
    assert ordered == [("systemctl", "start", "--no-block", "hotspare-apply.service")]
    assert not places.applied.exists(), "the daemon asks for a pass, should this one fail"


def test_an_order_that_fails_is_told(places: Places, tmp_path: Path):
    def fail(*command: str) -> None:
        raise HadaemonError(f"{command[0]}: no such unit")

    text = PRESEED.replace("[node]\n", '[node]\nntp.servers = ["192.168.12.9"]\n', 1)
    assert set_up(places, Owners(), Stick(tmp_path / "ntp", text).take, fail) == ("systemctl: no such unit",)


def test_a_used_preseed_keeps_no_secret_and_is_not_read_again(places: Places, stick: Stick, tmp_path: Path):
    blocks = tmp_path / "blocks"
    blocks.hardlink_to(stick.folder / "preseed.toml")
    set_up(places, Owners(), stick.take)
    assert stick.names() == {"preseed-used-alpha.toml"}
    left = (stick.folder / "preseed-used-alpha.toml").read_text()
    assert "alpha" in left
    assert "$6$" not in left
    assert blocks.read_bytes() == bytes(len(PRESEED)), "what was on the medium is overwritten where it was"
    assert set_up(places, Owners(), refuse) == ()


def test_a_medium_that_cannot_be_written_is_no_failure(
    places: Places, stick: Stick, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def run(*command: str) -> str:
        raise MediumError("mount: read-only")

    monkeypatch.setattr(medium, "run_program", run)
    assert set_up(places, Owners(), stick.take) == ()
    assert stick.names() == {"preseed.toml"}
    assert "cannot be written" in capsys.readouterr().err


def test_a_bad_preseed_changes_nothing_and_says_everything(places: Places, tmp_path: Path):
    text = PRESEED.replace("52:54:00:48:0a:01", "52:54").replace("192.168.12.1/24", "192.168.12.1/99")
    problems = set_up(places, Owners(), Stick(tmp_path / "bad", text).take)
    assert any("preseed.toml: node.ports.lan.mac" in problem for problem in problems)
    assert any("preseed.toml: cluster.ha_interfaces[0]" in problem for problem in problems)
    assert [entry.name for entry in places.state.iterdir()] == ["daemon"]
    assert list((places.state / "daemon").iterdir()) == []
    told = places.setup_problems.read_text().splitlines()
    assert told == list(problems)
    for text in (places.console.read_text(), places.issue.read_text()):
        assert "not configured" in text
        assert all(problem in text for problem in problems)
        assert "USB stick" in text


def test_a_power_cut_while_storing_leaves_an_unconfigured_node(
    places: Places, stick: Stick, monkeypatch: pytest.MonkeyPatch
):
    real = os.replace
    seen: list[str] = []

    def replace(self: Path, target: Path) -> Path:
        seen.append(target.name)
        if target.name == "node.toml":
            raise OSError(5, "power cut")
        real(self, target)
        return target

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        assert set_up(places, Owners(), stick.take)
    assert seen.index("node.toml") > max(seen.index("admin.toml"), seen.index("cluster.toml"))
    assert "preseed.toml" in stick.names()
    (places.state / ".node.toml.new").unlink()
    assert set_up(places, Owners(), stick.take) == ()


def test_a_stand_alone_preseed_removes_an_older_cluster(places: Places, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(medium, "run_program", lambda *command: "")
    places.state.mkdir(parents=True)
    (places.state / "cluster.toml").write_text("from another life")
    alone = PRESEED[: PRESEED.index("[cluster]")]
    assert set_up(places, Owners(), Stick(tmp_path / "alone", alone).take) == ()
    assert not (places.state / "cluster.toml").exists()
    assert "standing alone" in places.issue.read_text()


def test_a_broken_cluster_file_still_gives_the_node_its_network(places: Places, stick: Stick):
    set_up(places, Owners(), stick.take)
    path = places.state / "cluster.toml"
    path.write_text(path.read_text().replace('"lan"', '"lam"'))
    (problem,) = set_up(places, Owners(), refuse)
    assert "cluster.toml: ha_interfaces[0].port" in problem
    assert (places.networkd / "10-hotspare-lan.network").exists()
    assert "hactl reload" in places.issue.read_text()
    assert problem in places.console.read_text()


def test_files_of_ports_that_went_away_go(places: Places, stick: Stick):
    places.networkd.mkdir(parents=True)
    stale = places.networkd / "10-hotspare-dmz.network"
    foreign = places.networkd / "20-local.network"
    stale.write_text("")
    foreign.write_text("")
    set_up(places, Owners(), stick.take)
    assert not stale.exists()
    assert foreign.exists()


def test_a_lost_data_partition_is_told(places: Places):
    places.run.mkdir(parents=True)
    places.data_error.write_text("fsck found\nerrors\n")
    problems = set_up(places, Owners(), refuse)
    assert problems == ("the data partition cannot be used: fsck found errors",)
    assert problems[0] in places.issue.read_text()


def test_maintenance_is_above_the_login_prompt(places: Places, stick: Stick, monkeypatch: pytest.MonkeyPatch):
    set_up(places, Owners(), stick.take)
    assert "MAINTENANCE" not in places.issue.read_text()
    memory = MemoryFile(places.state / "daemon")
    memory.store(Memory(maintenance=True))
    monkeypatch.setattr("hadaemon.setup.main.Places", lambda: places)
    monkeypatch.setattr(sys, "argv", ["setup", "issue"])
    assert main() == 0
    assert "hactl maintenance off" in places.issue.read_text()
    assert "node alpha, master of cluster office" in places.issue.read_text()
    set_up(places, Owners(), refuse)
    assert "MAINTENANCE" in places.issue.read_text(), "also after a reboot"
    memory.store(Memory())
    assert main() == 0
    assert "MAINTENANCE" not in places.issue.read_text()


def test_a_memory_that_is_no_file_keeps_no_node_from_booting(places: Places, stick: Stick):
    (places.state / "daemon").mkdir(parents=True)
    os.mkfifo(places.state / "daemon" / "memory.json")
    assert set_up(places, Owners(), stick.take) == ()
    assert "node alpha" in places.issue.read_text()


def test_a_port_without_address_takes_advertisements_from_link_local_ones():
    node = load_node('schema = 1\nname = "a"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\naddresses = []\n')
    text = network_file(node.ports["lan"])
    assert "PermanentMACAddress=52:54:00:48:0a:01" in text
    assert "IPv4ReversePathFilter=no" in text
    assert "Address=" not in text.replace("PermanentMACAddress=", "")


def network_of(lines: str) -> list[str]:
    node = load_node(f'schema = 1\nname = "a"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n{lines}\n')
    return network_file(node.ports["lan"]).splitlines()


def test_own_ipv6_addresses_come_with_a_link_local_one():
    lines = network_of('addresses = ["192.168.12.141/24", "2001:db8::a/64"]')
    assert {"Address=192.168.12.141/24", "Address=2001:db8::a/64", "LinkLocalAddressing=ipv6"} <= set(lines)
    assert "IPv4ReversePathFilter=no" not in lines
    assert "LinkLocalAddressing=no" in network_of('addresses = ["192.168.12.141/24"]')
    assert "IPv4ReversePathFilter=no" in network_of('addresses = ["2001:db8::a/64"]')


def test_a_dhcp_client_asks_for_ipv4():
    assert "DHCP=ipv4" in network_of("dhcp = true")
    assert "DHCP=no" in network_of("")


VLANS = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
[ports.guest]
parent = "lan"
vlan = 20
addresses = ["192.168.20.141/24"]
"""


def test_a_vlan_is_made_on_its_parent_and_has_its_own_addresses():
    texts = network_files(load_node(VLANS), None)
    assert texts["10-hotspare-guest.netdev"] == (
        "[NetDev]\nName=guest.20\nDescription=VLAN 20 of lan\nKind=vlan\n\n[VLAN]\nId=20\n"
    )
    parent, vlan = texts["10-hotspare-lan.network"], texts["10-hotspare-guest.network"]
    assert "PermanentMACAddress=52:54:00:48:0a:01\n" in parent
    assert "VLAN=guest.20\n" in parent
    assert "[Match]\nName=guest.20\n" in vlan
    assert "Address=192.168.20.141/24\n" in vlan
    assert "MACAddress" not in vlan
    assert "VLAN=" not in vlan
    assert len(texts) == 3


def test_a_vlan_that_went_away_goes(places: Places, stick: Stick):
    set_up(places, Owners(), stick.take)
    (places.networkd / "10-hotspare-guest.netdev").write_text("")
    set_up(places, Owners(), refuse)
    assert not (places.networkd / "10-hotspare-guest.netdev").exists()


def test_shadow_keeps_everybody_else():
    assert (
        with_password("root:*:1::::::\nadmin:!:1::::::\n", "admin", "$6$x")
        == "root:*:1::::::\nadmin:$6$x:::::::\n"
    )
    assert with_password("root:*:1::::::\n", "admin", "$6$x").endswith("\nadmin:$6$x:::::::\n")


def test_getty_does_not_interpret_what_a_file_says():
    text = issue(Configuration(Condition.UNCONFIGURED), ("a \\n b",), "1.0", maintenance=False)
    assert "a \\\\n b" in text
    assert text.startswith("Hotspare 1.0 - this node is not configured (\\l)")


def test_without_a_medium_nothing_happens(places: Places, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(medium, "run_program", lambda *command: "")
    monkeypatch.setattr(medium, "_WAIT", 0.0)
    assert set_up(places, Owners(), take_from_medium) == ()
    assert "USB stick" in places.console.read_text()


def test_a_foreign_file_system_is_refused_by_name(places: Places, monkeypatch: pytest.MonkeyPatch):
    (places.medium / "HOTSPARE").touch()
    monkeypatch.setattr(medium, "run_program", lambda *command: "ntfs\n" if command[0] == "blkid" else "")
    problems = set_up(places, Owners(), take_from_medium)
    assert len(problems) == 1
    assert "ntfs" in problems[0]
    assert "FAT" in problems[0]


@pytest.mark.parametrize(
    "error", [HadaemonError("mount: no such device"), OSError(30, "Read-only file system")]
)
def test_a_failure_of_the_system_is_a_problem_not_a_traceback(places: Places, error: Exception):
    def fail(places: Places, owners: Owners) -> None:
        raise error

    assert set_up(places, Owners(), fail) == (str(error),)
    assert str(error) in places.issue.read_text()
