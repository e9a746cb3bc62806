"""The hotwire itself: found, followed, authenticated; what `hactl status` tells of it."""

from pathlib import Path

from hadaemon.config.hotwire_keys import Secret
from hadaemon.hotwire.addresses import default_address
from hadaemon.hotwire.heartbeat import Heartbeat
from hadaemon.hotwire.message import Kind, Life
from hadaemon.io.kernel.hardware import model

from .hotwire import HOTWIRE_MAC, HOTWIRE_OWN, SECRET, HotwirePair, build_hotwire_pair, forged_report
from .namespaces import Namespaces
from .pair import Pair
from .test_hactl import hactl
from .waiting import wait_for


def test_both_nodes_show_each_other(wired: HotwirePair) -> None:
    wired.start()
    for node, other, state in ((wired.alpha, wired.beta, "backup"), (wired.beta, wired.alpha, "active")):
        wait_for("the other one's state", lambda n=node, s=state: n.hotwire()["peer"]["state"] == s, within=3)
        told = node.hotwire()
        assert told["peer"]["name"] == other.name
        assert told["peer_address"] == HOTWIRE_OWN[other.name]
        assert told["peer"]["links"] == [["lan", True], ["wan", True]]
        assert told["drops"] == {}
        assert told["interface"] == "hotwire"
        assert told["peer"]["cards"] == told["own"]["cards"] == 3
        assert told["peer"]["model"] == told["own"]["model"] == model()
        assert told["peer"]["configuration"] == told["own"]["configuration"] != ""


def test_no_secret_is_ever_shown(wired: HotwirePair) -> None:
    wired.start()
    for node in wired.hot_nodes:
        assert SECRET.text()[:20] not in str(node.status())
        assert SECRET.text()[:20] not in node.log.read_text()


def test_without_configured_addresses_the_nodes_find_each_other(tmp_path: Path) -> None:
    with Namespaces() as namespaces:
        wired = build_hotwire_pair(namespaces, tmp_path, hotwire_address=False)
        wired.start()
        for node, other in ((wired.alpha, wired.beta), (wired.beta, wired.alpha)):
            assert node.hotwire()["peer_address"] == str(default_address(other.name).ip)
            assert node.hotwire()["drops"] == {}
        wired.check_logs()


def test_unpaired_nodes_elect_by_advertisements_and_say_so(wired: HotwirePair) -> None:
    for node in wired.hot_nodes:
        node.secret = None
    Pair.start(wired)
    for node in wired.hot_nodes:
        assert node.hotwire() == {"state": "not-paired", "port": "hotwire"}
        assert "not paired" in node.problems()


def test_a_damaged_secret_is_told_and_not_repeated(wired: HotwirePair) -> None:
    wired.alpha.configure()
    (wired.alpha.state_folder / "hotwire.key").write_text("hunter2\n")
    wired.alpha.start()
    wired.alpha.wait_problem("hotwire.key: is not the base64 text of 32 random bytes")
    assert "hunter2" not in wired.alpha.log.read_text()


def test_pairing_takes_effect_with_a_reload(wired: HotwirePair) -> None:
    for node in wired.hot_nodes:
        node.secret = None
    Pair.start(wired)
    for node in wired.hot_nodes:
        node.secret = SECRET
        node.configure()
        assert node.ask("reload")["changed"]
    wired.wait_up()
    wired.wait_holder(wired.alpha)


def test_nodes_with_different_secrets_do_not_hear_each_other(wired: HotwirePair) -> None:
    wired.beta.secret = Secret(bytes(32))
    Pair.start(wired)
    for node in wired.hot_nodes:
        node.wait_problem("wrong key")
        assert node.hotwire()["state"] == "silent"


def test_a_lost_carrier_is_told_by_both_at_once_and_the_hotwire_comes_back(wired: HotwirePair) -> None:
    wired.start()
    wired.cut("hotwire")
    for node in wired.hot_nodes:
        node.wait_hotwire("down")
        node.wait_problem("no carrier")
    wired.mend("hotwire")
    wired.wait_up()
    assert wired.states() == ("active", "backup")


def test_a_replugged_network_card_is_taken_up_again_under_another_name(wired: HotwirePair) -> None:
    wired.start()
    wired.alpha.tear_out("hotwire")
    wired.alpha.wait_hotwire("down")
    wired.alpha.wait_problem(f"no network card has the MAC address of port hotwire ({HOTWIRE_MAC['alpha']})")
    wired.alpha.plug_in_hotwire()
    wired.wait_up()
    wired.alpha.namespace.run("ip", "link", "set", "hotwire", "down")
    wired.alpha.namespace.run("ip", "link", "set", "hotwire", "name", "eth7")
    wired.alpha.namespace.run("ip", "link", "set", "eth7", "up")
    wait_for("the new name", lambda: wired.alpha.hotwire()["interface"] == "eth7", within=3)
    wired.wait_up()
    assert wired.states() == ("active", "backup")


def test_a_missing_own_address_is_told_and_waited_for(wired: HotwirePair) -> None:
    wired.start()
    address = f"{HOTWIRE_OWN['alpha']}/24"
    wired.alpha.namespace.run("ip", "address", "delete", address, "dev", "hotwire")
    wired.alpha.wait_problem(f"its own address {address} is not on it")
    wired.alpha.namespace.run("ip", "address", "add", address, "dev", "hotwire")
    wired.wait_up()


def test_a_reload_is_neither_a_death_nor_a_goodbye(wired: HotwirePair) -> None:
    wired.start()
    wired.change(lambda text: text.replace("[hotwire]", '[hotwire]\ninterval = "50ms"'))
    for node in wired.hot_nodes:
        node.configure()
        assert node.ask("reload")["changed"]
        wired.wait_up()
    assert wired.states() == ("active", "backup")
    for node in wired.hot_nodes:
        assert "is gone" not in node.log.read_text()
        assert "is silent" not in node.log.read_text()


class TestThirdBox:
    """A switch has come in between, and somebody is on it."""

    def test_a_foreign_address(self, wired: HotwirePair) -> None:
        wired.start()
        with Namespaces() as more:
            third = wired.third_box(more)
            third.send(b"hello", "192.168.180.9", HOTWIRE_OWN["alpha"])
            wired.alpha.wait_problem("another address than the peer's")
            assert wired.states() == ("active", "backup")

    def test_a_forged_peer_without_the_secret(self, wired: HotwirePair) -> None:
        wired.start()
        forger = Heartbeat("beta", Life(1 << 60, 7), Secret(bytes(32)), interval=100, missed=3)
        with Namespaces() as more:
            third = wired.third_box(more)
            third.take_address(HOTWIRE_OWN["beta"])
            for body in (b"", forged_report("beta")):
                data = forger.message(Kind.REPORT, body)
                third.send(data, HOTWIRE_OWN["beta"], HOTWIRE_OWN["alpha"])
            third.send(forger.message(Kind.GOODBYE, b"x"), HOTWIRE_OWN["beta"], HOTWIRE_OWN["alpha"])
            wired.alpha.wait_problem("wrong key")
            assert wired.alpha.hotwire()["drops"]["wrong-key"] >= 1
            assert wired.states() == ("active", "backup")

    def test_a_node_of_another_name_that_has_the_secret(self, wired: HotwirePair) -> None:
        wired.start()
        stranger = Heartbeat("gamma", Life(1 << 60, 7), SECRET, interval=100, missed=3)
        with Namespaces() as more:
            third = wired.third_box(more)
            third.take_address(HOTWIRE_OWN["beta"])
            data = stranger.message(Kind.REPORT, forged_report("gamma"))
            third.send(data, HOTWIRE_OWN["beta"], HOTWIRE_OWN["alpha"])
            wired.alpha.wait_problem("a third box that has the pair's secret")
            assert wired.alpha.hotwire()["peer"]["name"] == "beta"
            assert wired.states() == ("active", "backup")


def test_a_cable_that_is_pulled_out_is_one_alarm(wired: HotwirePair) -> None:
    """Long after each of the alarms that there might be is raised."""
    wired.start()
    for node in wired.hot_nodes:
        node.wait_hotwire("up")
    wired.beta.pull("hotwire")
    for node, kind in ((wired.alpha, "hotwire-silent"), (wired.beta, "hotwire-down")):
        wait_for("it is silent for long", lambda node=node: (node.hotwire().get("last_heard") or 0) > 5, 15)
        assert "the hotwire is silent" in node.problems()
        alarms = {each["kind"] for each in node.status()["alarms"]["active"]}
        assert alarms == {kind}, "the carrier is lost at beta's end alone"


def test_a_key_that_is_revoked_counts_no_longer_for_the_daemon(wired: HotwirePair) -> None:
    wired.start()
    places = ("--state", str(wired.alpha.state_folder), "--run", str(wired.alpha.folder / "run"))
    done = hactl(wired.alpha, "key", "revoke", *places)
    assert done.returncode == 0, done.stderr
    assert not (wired.alpha.state_folder / "hotwire.key").exists()
    wired.alpha.wait_hotwire("not-paired")
    wired.beta.wait_hotwire("silent")
    assert hactl(wired.alpha, "key", "revoke", *places).returncode != 0, "nothing is left to revoke"
