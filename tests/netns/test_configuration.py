"""Bad input: the node stays off and says why; a bad reload changes nothing."""

import signal

import pytest
from scapy.layers.vrrp import VRRPv3

from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.io.sockets.control_client import ask

from .pair import ACTIVE_DOWN, INTERVAL, MAC, OWN, VIRTUAL, Pair
from .waiting import stretched, wait_for

MISTAKES = {
    "port that does not exist": ("cluster.toml", 'port = "wan"', 'port = "wann"', "ha_interfaces"),
    "unknown key": ("cluster.toml", "[vrrp]", "[vrrp]\ncolour = 1", "colour"),
    "invalid address": ("cluster.toml", "192.168.12.1/24", "192.168.12.300/24", "virtual_addresses"),
    "wrong MAC": ("node.toml", MAC["alpha"]["lan"], "52:54:00:48:0a", "ports.lan.mac"),
    "not TOML": ("node.toml", "schema = 1", "schema = = 1", "node.toml"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_configuration_stays_off_and_says_why(pair: Pair, mistake: str) -> None:
    file, old, new, place = MISTAKES[mistake]
    pair.alpha.configure()
    path = pair.alpha.state_folder / file
    path.write_text(path.read_text().replace(old, new))
    pair.alpha.start()
    pair.alpha.wait_state("off")
    answer = pair.alpha.status()
    assert answer["configuration"] == "refused"
    problems = answer["status"]["problems"]
    assert any(str(path) in each["text"] and place in each["text"] for each in problems), problems
    assert pair.alpha.virtual_addresses() == set()
    pair.alpha.configure()
    pair.alpha.signal(signal.SIGHUP)
    pair.alpha.wait_state("active")


def test_an_unconfigured_node_is_off_and_tells_what_the_setup_found(pair: Pair) -> None:
    (pair.alpha.folder / "setup-problems").write_text("preseed.toml: node.name: missing\n")
    pair.alpha.state_folder.mkdir()
    pair.alpha.start()
    pair.alpha.wait_state("off")
    answer = pair.alpha.status()
    assert answer["configuration"] == "unconfigured"
    assert [each["text"] for each in answer["status"]["problems"]] == ["preseed.toml: node.name: missing"]


def test_a_bad_reload_changes_nothing(pair: Pair) -> None:
    pair.start()
    path = pair.alpha.state_folder / "cluster.toml"
    path.write_text(path.read_text().replace("192.168.12.1/24", "nonsense"))
    answer = pair.alpha.ask("reload")
    assert not answer["ok"]
    assert any("virtual_addresses" in problem for problem in answer["problems"])
    assert pair.alpha.state() == "active"
    assert pair.alpha.virtual_addresses() == set(VIRTUAL.values())


def test_a_good_reload_is_applied(pair: Pair) -> None:
    pair.start()
    for node in pair.nodes:
        node.cluster = node.cluster.replace('master = "alpha"', 'master = "beta"')
        node.configure()
        assert node.ask("reload")["changed"]
    pair.wait_holder(pair.beta)
    pair.alpha.wait_state("backup")
    assert pair.alpha.status()["status"]["role"] == "spare"


def test_another_master_from_a_synchronization_moves_nothing(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    for node in pair.nodes:
        node.cluster = node.cluster.replace('master = "alpha"', 'master = "beta"')
        node.configure()
        request = {"command": "reload", "keep_active": True}
        assert ask(node.folder / "run/control.sock", request, timeout=stretched(2.0))["changed"]
    count = 3 * int(ACTIVE_DOWN / INTERVAL)
    wait_for("it goes on", lambda: len(lan.adverts(OWN["alpha"]["lan"])) > count, within=5)
    assert not lan.adverts(OWN["beta"]["lan"])
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    assert [node.status()["status"]["role"] for node in pair.nodes] == ["spare", "master"]
    assert pair.alpha.ask("switch")["ok"]
    pair.wait_holder(pair.beta)


def test_a_reload_on_the_active_never_drops_an_address_that_stays(pair: Pair) -> None:
    pair.start()
    namespace = pair.alpha.namespace
    namespace.start("ip", "-4", "monitor", "address", log=pair.alpha.folder / "monitor.log")

    def monitored(mark: str) -> str:
        """What the monitor has seen, once it has seen the mark, which is set and removed here."""
        for verb in ("add", "delete"):
            namespace.run("ip", "address", verb, mark, "dev", "lo")
        text = (pair.alpha.folder / "monitor.log").read_text()
        return text if mark in text else ""

    wait_for("the monitor listens", lambda: monitored("10.99.99.1/32"), within=3)
    lan = pair.capture("lan")
    old, new = '["192.168.12.1/24"]', '["192.168.12.1/24", "192.168.12.2/24"]'
    pair.alpha.cluster = pair.alpha.cluster.replace(old, new)
    pair.alpha.configure()
    assert pair.alpha.ask("reload")["changed"]
    text = wait_for("the monitor has seen all", lambda: monitored("10.99.99.2/32"), within=3)
    assert "192.168.12.2/24" in text
    assert "192.168.12.1/24" not in text
    count = 2 * int(ACTIVE_DOWN / INTERVAL)
    wait_for("it goes on", lambda: len(lan.adverts(OWN["alpha"]["lan"])) > count, within=3)
    assert not lan.adverts(OWN["beta"]["lan"])
    assert all(frame[VRRPv3].priority != 0 for _, frame in lan.adverts())
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")


ABSENT = """
[[ha_interfaces]]
port = "dmz"
virtual_addresses = ["198.51.100.1/24"]
"""


def test_a_new_ha_interface_without_a_network_card_takes_no_address_away(pair: Pair) -> None:
    pair.start()
    for node in pair.nodes:
        node.cluster += ABSENT
        node.configure()
        with (node.state_folder / "node.toml").open("a") as file:
            file.write('[ports.dmz]\nmac = "52:54:00:99:99:99"\n')
        answer = node.ask("reload")
        assert answer["ok"], answer
        assert answer["changed"]
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    assert "port dmz: no network card has its MAC address 52:54:00:99:99:99" in pair.alpha.problems()
    wait_for(
        "it counts as a lost link",
        lambda: all(node.status()["status"]["score"]["links_down"] == 1 for node in pair.nodes),
        within=LINK_PATIENCE + 3,
    )
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    assert pair.alpha.virtual_addresses() == set(VIRTUAL.values())


def test_an_active_node_whose_card_is_dead_serves_on_after_a_reload(pair: Pair) -> None:
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("active")
    pair.alpha.tear_out("wan")
    wait_for(
        "the loss is told", lambda: "port wan: the network card is gone" in pair.alpha.problems(), within=3
    )
    pair.alpha.cluster = pair.alpha.cluster.replace("[vrrp]", "[vrrp]\npreempt = false")
    pair.alpha.configure()
    assert pair.alpha.ask("reload")["changed"]
    assert pair.alpha.state() == "active"
    assert pair.alpha.virtual_addresses() == {VIRTUAL["lan"]}
    assert "port wan: the network card is gone" in pair.alpha.problems()


def test_a_reload_that_ends_the_cluster_releases_everything(pair: Pair) -> None:
    pair.start()
    (pair.alpha.state_folder / "cluster.toml").unlink()
    assert pair.alpha.ask("reload")["condition"] == "stand-alone"
    pair.wait_holder(pair.beta)
    assert pair.alpha.state() == "off"


def test_a_reload_of_the_same_files_does_nothing(pair: Pair) -> None:
    pair.start()
    assert pair.alpha.ask("reload") == {"ok": True, "changed": False, "condition": "cluster"}
    assert pair.alpha.state() == "active"


def test_a_cluster_that_is_not_enabled_is_off(pair: Pair) -> None:
    pair.alpha.cluster = pair.alpha.cluster.replace('master = "alpha"', 'master = "alpha"\nenabled = false')
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("off")
    wait_for("the configuration", lambda: pair.alpha.status()["configuration"] == "cluster", within=5)
    assert pair.alpha.state() == "off"
    assert pair.alpha.virtual_addresses() == set()
