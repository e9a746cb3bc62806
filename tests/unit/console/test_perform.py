"""What the menu does to a box, with a root folder of its own."""

import json
import signal
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from firmware.screens.box import CARDS, HASH, Box
from hadaemon.cli.capture import advertisement_line
from hadaemon.commands.table import known_commands
from hadaemon.config import load_admin, load_node
from hadaemon.console import changes, partner, store
from hadaemon.console import perform as performing
from hadaemon.console.main import facts_of, zones_of
from hadaemon.console.perform import Performer
from hadaemon.io.programs.password import hash_password
from hadaemon.menu import actions
from hadaemon.menu.steps import Failed
from hadaemon.setup import apply
from hadaemon.setup.clock import apply_clock
from hadaemon.setup.forget import MARK, forget_the_rest
from hadaemon.setup.good import better, keep_good, restore_good
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import load_configuration
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Vrid, encode
from tests.unit.console.talking import Person, set_up

RAW = {
    "schema": 1,
    "admin": {"password_hash": HASH},
    "node": {
        "name": "alpha",
        "time_zone": "Europe/Berlin",
        "ports": {"lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]}},
    },
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places(tmp_path / "root")
    for folder in (places.etc, places.console.parent, places.run, places.zones / "Europe"):
        folder.mkdir(parents=True)
    (places.zones / "Europe/Berlin").write_text("TZif")
    (places.etc / "shadow").write_text("admin:!:20000:0:99999:7:::\nhotspare-sync:!:::::::\n")
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    monkeypatch.setattr(store.Effect, "_network", lambda *_: None)
    return places


def test_what_is_stored_counts_at_once(places: Places):
    told = store.store(RAW, False, places, Owners())
    assert not isinstance(told, Failed)
    assert load_configuration(places.state).node == load_node((places.state / "node.toml").read_text())
    assert load_admin((places.state / "admin.toml").read_text()).password_hash == HASH
    assert (places.etc / "localtime").readlink() == Path("../usr/share/zoneinfo/Europe/Berlin")
    assert HASH in (places.etc / "shadow").read_text()


def test_nothing_is_stored_twice_or_half(places: Places):
    perform = Performer(places, Owners())
    bad = json.loads(json.dumps(RAW))
    bad["node"]["ports"]["lan"]["mac"] = "nonsense"
    refused = perform(actions.Store(bad))
    assert isinstance(refused, Failed)
    assert "is not a MAC address" in refused.reasons[0]
    assert not places.state.exists()
    perform(actions.Store(RAW))
    again = perform(actions.Store(RAW))
    assert again == Failed(("this box was configured at another console meanwhile",))


def test_on_a_stand_in_for_lost_data_nothing_is_stored(places: Places):
    places.data_error.write_text("no such device\n")
    refused = store.store(RAW, False, places, Owners())
    assert isinstance(refused, Failed)
    assert "data partition" in refused.reasons[0]
    facts = facts_of(places)
    assert facts.unreadable
    assert "no such device" in facts.problems
    places.data_error.unlink()
    assert not facts_of(places).unreadable


def test_the_menu_and_the_box_together(places: Places):
    class Whole(Box):
        def __call__(self, action: object) -> object:
            return perform(action) if isinstance(action, actions.Store) else super().__call__(action)

    perform = Performer(places, Owners())
    answers = {
        "language": ["2"],
        "password": ["correct horse"],
        "password-again": ["correct horse"],
        "hostname": ["alpha"],
        "time-zone": ["berlin"],
        "purpose": ["alone"],
        "write": ["1"],
    }
    set_up(Person(answers), Whole())
    node = load_configuration(places.state).node
    assert node is not None
    assert (node.name, node.language, node.time_zone) == ("alpha", "de", "Europe/Berlin")


def test_a_password_is_hashed_as_crypt_has_it():
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$y$")
    assert first != second
    load_admin(f'schema = 1\npassword_hash = "{first}"\n')
    check = subprocess.run(
        ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", "correct horse", first],
        capture_output=True,
        text=True,
        check=True,
    )
    assert check.stdout == first


KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} admin@office"


def test_a_new_password_leaves_the_keys(places: Places):
    store.store(RAW | {"admin": {"password_hash": HASH, "ssh_keys": [KEY]}}, False, places, Owners())
    other = HASH.replace("$6$", "$6$other")
    changes.change_admin(other, "", places, Owners())
    admin = load_admin((places.state / "admin.toml").read_text())
    assert (admin.password_hash, admin.ssh_keys) == (other, (KEY,))
    assert changes.read_node(places)["admin"] == {"ssh_keys": [KEY]}


def test_a_key_alone_takes_the_password_away_at_once(places: Places):
    """The menu says so: no login at the consoles then."""
    store.store(RAW, False, places, Owners())
    assert f"admin:{HASH}:" in (places.etc / "shadow").read_text()
    changes.change_admin("", KEY, places, Owners())
    admin = load_admin((places.state / "admin.toml").read_text())
    assert (admin.password_hash, admin.ssh_keys) == (None, (KEY,))
    assert "admin:*:" in (places.etc / "shadow").read_text()
    assert KEY in (places.admin_home / ".ssh/authorized_keys").read_text()


def test_another_node_toml_is_checked_against_the_cluster(places: Places):
    store.store(RAW, False, places, Owners())
    (places.state / "cluster.toml").write_text(
        'schema = 1\nname = "office"\nmaster = "alpha"\n'
        '[[ha_interfaces]]\nport = "lan"\nvirtual_addresses = ["192.168.12.1/24"]\n'
    )
    node = changes.read_node(places)["node"]
    node["ports"]["lan"]["addresses"] = ["192.168.12.1/24"]
    refused = Performer(places, Owners())(actions.StoreNode(node))
    assert isinstance(refused, Failed)
    assert "is already the own address of port lan" in refused.reasons[0]
    node["ports"]["lan"]["addresses"] = ["192.168.12.150/24"]
    changes.store_node(node, places, Owners())
    assert "192.168.12.150/24" in (places.state / "node.toml").read_text()


def test_what_an_administrator_wrote_beside_a_value_stays(places: Places):
    store.store(RAW, False, places, Owners())
    path = places.state / "node.toml"
    path.write_text("# the rack on the left\n" + path.read_text().replace("addresses =", "addresses  ="))
    before = path.read_text()
    node = changes.read_node(places)["node"]
    node["ports"]["lan"]["addresses"] = ["192.168.12.143/24"]
    changes.store_node(node, places, Owners())
    assert path.read_text() == before.replace("12.141", "12.143")


def test_a_factory_reset_leaves_nothing_of_the_node(places: Places, monkeypatch: pytest.MonkeyPatch):
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(changes, "run_program", lambda *command: ran.append(command))
    store.store(RAW, False, places, Owners())
    (places.state / "identity").mkdir()
    changes.factory_reset(places)
    assert [path.name for path in places.state.iterdir()] == [MARK], "the initrd goes on from it"
    forget_the_rest(places)
    assert list(places.state.iterdir()) == []
    assert ran == [("systemctl", "stop", "hadaemon.service"), ("systemctl", "reboot")]


@pytest.mark.parametrize("broken", ["node.toml", "cluster.toml"])
def test_the_last_good_configuration_comes_back_and_no_more_of_it_than_needed(places: Places, broken: str):
    store.store(RAW, False, places, Owners())
    cluster = (
        'schema = 1\nname = "office"\nmaster = "alpha"\n'
        '[[ha_interfaces]]\nport = "lan"\nvirtual_addresses = ["192.168.12.1/24"]\n'
    )
    (places.state / "cluster.toml").write_text(cluster)
    keep_good(load_configuration(places.state), places, Owners())
    (places.state / "cluster.toml").write_text(cluster.replace("office", "branch"))
    (places.state / broken).write_text("schema = 1\nnonsense")
    keep_good(load_configuration(places.state), places, Owners())
    assert set(better(places)) == {broken}
    assert restore_good(places, Owners()) == (broken,)
    found = load_configuration(places.state)
    assert found.cluster is not None
    assert found.cluster.name == ("branch" if broken == "node.toml" else "office")


def test_without_a_good_configuration_none_is_offered(places: Places):
    places.state.mkdir(parents=True)
    (places.state / "node.toml").write_text("nonsense")
    assert better(places) == {}
    assert isinstance(Performer(places, Owners())(actions.RestoreGood()), Failed)


def test_an_unknown_time_zone_is_told_and_is_utc(places: Places):
    node = load_node(
        'schema = 1\nname = "alpha"\ntime_zone = "Mars/Olympus"\n[ports.lan]\nmac = "52:54:00:00:00:01"\n'
    )
    (problem,) = apply_clock(node, places)
    assert "Mars/Olympus" in problem
    assert (places.etc / "localtime").readlink().name == "UTC"


def test_time_zones_are_those_of_the_firmware(places: Places):
    assert zones_of(places) == ("UTC",)
    (places.zones / "zone.tab").write_text("# comment\nDE\t+5230+01322\tEurope/Berlin\tmost of Germany\n")
    assert zones_of(places) == ("Europe/Berlin", "UTC")


def test_the_other_box_is_asked_again_until_it_answers_or_time_is_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(partner, "_LOOK", 0.0)
    tries = iter([OSError("refused"), OSError("refused")])

    def look() -> str:
        for error in tries:
            raise error
        return "there"

    assert partner._patiently(look, 5.0) == "there"

    asked: list[str] = []

    def never() -> str:
        asked.append("again")
        raise OSError("refused")

    assert partner._patiently(never, 0.0) == Failed(("refused",))
    assert len(asked) == 3, "an answer that got lost is not all, however long it was waited for"


def test_an_advertisement_is_one_line():
    source, group = ip_address("192.168.12.141"), ip_address("224.0.0.18")
    advertisement = Advertisement(Vrid(51), Priority(254), Centiseconds(100), (ip_address("192.168.12.1"),))
    payload = encode(advertisement, source, group)
    assert advertisement_line(payload, source, group, 255) == (
        "192.168.12.141 > 224.0.0.18: VRRP version 3, VRID 51, priority 254, each 1000 ms: 192.168.12.1"
    )
    assert advertisement_line(payload, source, group, 64).endswith("discarded (ttl)")
    assert "discarded" in advertisement_line(b"", source, group, 255)


def program(folder: Path, code: str) -> tuple[str, ...]:
    """In place of hactl: leaves its words and kind of terminal in a file, then does what the code says."""
    script = folder / "hactl.py"
    script.write_text(
        "import os, pathlib, signal, sys, time\n"
        f"pathlib.Path({str(folder / 'words')!r}).write_text(' '.join([*sys.argv[1:], os.environ['TERM']]))\n"
        f"{code}\n"
    )
    return sys.executable, "-P", str(script)


def test_a_command_is_started_as_a_program(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("TERM", "dumb")
    perform = Performer(places, Owners(), program(tmp_path, "print('seen')"))
    assert perform(actions.Hactl(("status", "--verbose"))) == ()
    assert (tmp_path / "words").read_text() == "status --verbose dumb"
    assert capfd.readouterr().out == "seen\n", "it talks to the person itself"
    perform = Performer(places, Owners(), program(tmp_path, "sys.exit(3)"))
    assert perform(actions.Hactl(("status",))) == Failed(())
    assert isinstance(Performer(places, Owners(), ("/nowhere",))(actions.Hactl(("status",))), Failed)


def test_a_command_for_root_is_started_by_sudo(places: Places, monkeypatch: pytest.MonkeyPatch):
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(performing, "run_program", lambda command, *_: ran.append(command))
    monkeypatch.setattr(performing.os, "geteuid", lambda: 1000)
    Performer(places, Owners())(actions.Hactl(("config", "edit"), root=True))
    monkeypatch.setattr(performing.os, "geteuid", lambda: 0)
    Performer(places, Owners())(actions.Hactl(("config", "edit"), root=True))
    assert ran == [("sudo", "-n", "/usr/bin/hactl", "config", "edit"), ("/usr/bin/hactl", "config", "edit")]


INTERRUPTED = """
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
signal.signal(signal.SIGINT, lambda *_: sys.exit({code}))
os.kill(os.getppid(), signal.SIGINT)
time.sleep(0.5)
os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("code,came", [(0, ()), (130, Failed(()))])
def test_ctrl_c_ends_the_command_and_not_the_menu(places: Places, tmp_path: Path, code: int, came: object):
    """At a terminal both of them get the signal."""
    perform = Performer(places, Owners(), program(tmp_path, INTERRUPTED.format(code=code)))
    assert perform(actions.Hactl(("status", "--watch"))) == came
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


CLUSTER = (
    '# the two in the cellar\nschema = 1\nname = "office"\nenabled = false\nmaster = "alpha"\n'
    '[[ha_interfaces]]\nport = "lan"\nvirtual_addresses = ["192.168.12.1/24"]\n'
)


def test_the_cluster_is_activated_and_its_comments_stay(places: Places, capsys: pytest.CaptureFixture[str]):
    store.store(RAW, False, places, Owners())
    (places.state / "cluster.toml").write_text(CLUSTER)
    perform = Performer(places, Owners(), ("/nowhere",))
    assert perform(actions.Activate()) == ()
    assert (places.state / "cluster.toml").read_text() == CLUSTER.replace("false", "true")
    told = capsys.readouterr().out
    assert "generation 1 is applied on alpha\n  note: " in told
    assert "  note: the daemon does not answer" in told
    assert perform(actions.Activate()) == (), "once more does no harm"
    assert not list(places.run.glob("menu/*")), "no copy is left: it may have a key in it"


def test_a_cluster_that_is_refused_says_why(places: Places):
    store.store(RAW, False, places, Owners())
    (places.state / "cluster.toml").write_text(CLUSTER)
    cluster = changes.read_node(places)["cluster"]
    cluster["ha_interfaces"][0]["port"] = "lann"
    refused = Performer(places, Owners())(actions.StoreCluster(cluster))
    assert isinstance(refused, Failed)
    assert refused.reasons[0] == "the configuration was not applied"
    assert any("ha_interfaces[0].port" in reason for reason in refused.reasons)
    assert (places.state / "cluster.toml").read_text() == CLUSTER


def test_the_menu_knows_the_commands():
    assert {"status", "switch", "capture", "menu", "pair"} <= known_commands()
