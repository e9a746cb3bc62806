"""The root helper of the services: configured units and no others; nothing stays up without the daemon."""

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hadaemon.helper.services import ServicePlaces, Services, serve
from hadaemon.io.kernel.links import LinkTable

NODE = 'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""
SERVICES = """
[[follow.services]]
unit = "web.service"
stop_timeout = "100ms"
source = "192.168.12.1"
[[follow.services]]
unit = "mail.service"
"""
TUNNEL = """
[[follow.wireguard]]
name = "wg0"
private_key = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="
addresses = ["10.8.0.1/24"]
[[follow.wireguard.peers]]
public_key = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="
allowed = ["10.8.0.2/32"]
"""


@dataclass
class Systemd:
    """What was asked of it; every unit is in the same state."""

    state: str = "inactive"
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, *arguments: str, check: bool = True) -> str:
        if arguments[0] != "show":
            self.calls.append(arguments)
            self.state = "inactive" if arguments[0] == "kill" else self.state
            return ""
        units = arguments[arguments.index("--") + 1 :]
        return "\n\n".join(f"LoadState=loaded\nActiveState={self.state}\nInvocationID=1" for _ in units)


@pytest.fixture
def places(tmp_path: Path) -> ServicePlaces:
    for name in ("state", "units"):
        (tmp_path / name).mkdir()
    (tmp_path / "followable").mkdir()
    (tmp_path / "followable/site").write_text("web.service  # A site's\nmail.service\n")
    (tmp_path / "state/node.toml").write_text(NODE)
    (tmp_path / "state/cluster.toml").write_text(CLUSTER + SERVICES + TUNNEL)
    return ServicePlaces(tmp_path / "state", tmp_path / "files", tmp_path / "units", tmp_path / "followable")


def made(places: ServicePlaces, systemd: Systemd) -> Services:
    services = Services(places, systemd, LinkTable)
    assert services.answer({"verb": "configure"})["ok"]
    systemd.calls.clear()
    return services


@pytest.mark.parametrize("verb", ["start", "stop", "kill", "reload"])
@pytest.mark.parametrize("unit", ["sshd.service", "hadaemon.service", "--now", "web", "", None, 7])
def test_no_unit_but_those_of_the_configuration_is_touched(places, verb, unit):
    systemd = Systemd()
    answer = made(places, systemd).answer({"verb": verb, "unit": unit})
    assert "is none of the configured units" in answer["error"]
    assert systemd.calls == []


@pytest.mark.parametrize("unit", ["debug-shell.service", "ssh.service", "web2.service", "web@root.service"])
def test_no_unit_but_those_that_the_image_lets_follow_is_touched(places, unit):
    """Whatever the configuration says: it comes from the other node too."""
    text = f'[[follow.services]]\nunit = "{unit}"\nsource = "192.168.12.1"\n'
    (places.state / "cluster.toml").write_text(CLUSTER + SERVICES + text)
    systemd = Systemd()
    services = made(places, systemd)
    for verb in ("start", "stop", "reload", "kill"):
        assert "is none of the configured units" in services.answer({"verb": verb, "unit": unit})["error"]
    assert systemd.calls == []
    assert not (places.units / f"{unit}.d").exists()
    told = services.answer({"verb": "list"})["units"]
    assert told[unit]["LoadState"] == "the image does not let it follow"
    assert told["web.service"]["LoadState"] == "loaded"


def test_a_list_of_templates_lets_their_instances_follow(places):
    (places.followable / "vpn").write_text("openvpn-server@.service\n")
    text = '[[follow.services]]\nunit = "openvpn-server@office.service"\n'
    (places.state / "cluster.toml").write_text(CLUSTER + text)
    systemd = Systemd()
    assert made(places, systemd).answer({"verb": "start", "unit": "openvpn-server@office.service"})["ok"]


def test_before_it_read_the_configuration_it_does_nothing(places):
    systemd = Systemd()
    assert not Services(places, systemd, LinkTable).answer({"verb": "start", "unit": "web.service"})["ok"]
    assert systemd.calls == []


@pytest.mark.parametrize("verb", ["daemon-reload", "isolate", None, "; reboot"])
def test_there_are_no_other_verbs(places, verb):
    systemd = Systemd()
    assert "there is no verb" in made(places, systemd).answer({"verb": verb, "unit": "web.service"})["error"]
    assert systemd.calls == []


def test_an_order_never_waits(places):
    systemd = Systemd()
    services = made(places, systemd)
    for verb in ("start", "stop", "reload"):
        services.answer({"verb": verb, "unit": "web.service"})
    assert all("--no-block" in call for call in systemd.calls if call[0] != "reset-failed")
    assert {call[-1] for call in systemd.calls} == {"web.service"}


def test_files_are_written_for_those_who_read_them_and_old_ones_go(places):
    systemd = Systemd()
    services = Services(places, systemd, LinkTable)
    assert services.answer({"verb": "configure"}) == {
        "ok": True,
        "changed": ["hotspare-wireguard@wg0.service"],
    }
    assert (places.files / "wg0.wg").stat().st_mode & 0o777 == 0o600
    assert (places.units / "web.service.d/50-hotspare-source.conf").exists()
    assert ("daemon-reload",) in systemd.calls
    assert services.answer({"verb": "configure"})["changed"] == []
    systemd.calls.clear()
    (places.state / "cluster.toml").write_text(CLUSTER)
    services.answer({"verb": "configure"})
    assert [path for path in places.files.rglob("*") if path.is_file()] == []
    assert not (places.units / "web.service.d/50-hotspare-source.conf").exists()
    stopped = {call[-1] for call in systemd.calls if call[0] == "stop"}
    assert stopped == {"web.service", "mail.service", "hotspare-wireguard@wg0.service"}


def test_a_configuration_that_is_refused_changes_nothing(places):
    systemd = Systemd()
    services = made(places, systemd)
    (places.state / "cluster.toml").write_text("schema = 1\n")
    assert not services.answer({"verb": "configure"})["ok"]
    assert services.answer({"verb": "stop", "unit": "web.service"})["ok"]


@pytest.mark.parametrize("farewell", [b"", b"{", b"[]\n", b'{"verb": "list"}\n'])
def test_at_the_end_of_the_connection_all_is_stopped_and_what_does_not_stop_killed(places, farewell):
    systemd = Systemd("active")
    services = made(places, systemd)
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(farewell)
        theirs.shutdown(socket.SHUT_WR)
        serve(ours, services)
    stop = systemd.calls[0]
    assert stop[:2] == ("stop", "--no-block")
    assert stop[3:] == ("mail.service", "web.service", "hotspare-wireguard@wg0.service"), "the last one first"
    killed = [call[-1] for call in systemd.calls if call[0] == "kill"]
    assert killed == ["web.service"], "in its own time"


def test_what_is_said_is_one_line_each_way(places):
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(b'{"verb": "configure"}\n{"verb": "list"}\n')
        theirs.shutdown(socket.SHUT_WR)
        serve(ours, Services(places, Systemd(), LinkTable))
        ours.shutdown(socket.SHUT_WR)
        _, listed = (json.loads(line) for line in theirs.makefile())
    assert set(listed["units"]) == {"web.service", "mail.service", "hotspare-wireguard@wg0.service"}
