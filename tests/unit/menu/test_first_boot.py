"""The first set-up, answered by a script: what it asks, and what it makes of the answers."""

from dataclasses import replace

import pytest

from firmware.screens.box import CARDS, DISKS, FACTS, HASH, KEY, PEER, Box
from hadaemon.config import check_preseed
from hadaemon.console.talk import Stopped
from hadaemon.menu import actions
from hadaemon.menu.steps import Failed
from tests.unit.console.talking import Person, set_up

ALONE = {
    "language": ["1"],
    "password": ["correct horse"],
    "password-again": ["correct horse"],
    "hostname": ["alpha"],
    "time-zone": ["berlin"],
    "cards": ["1"],
    "purpose": ["alone"],
    "port-1": ["lan"],
    "port-2": ["wan"],
    "port-3": ["-"],
    "addresses-lan": ["192.168.12.141/24"],
    "addresses-wan": ["dhcp"],
    "write": ["1"],
}
CREATE = ALONE | {
    "purpose": ["create"],
    "hotwire-find": ["1"],
    "addresses-wan": ["192.168.175.102/24, 2001:db8::102/64"],
    "virtual-lan": ["192.168.12.1/24"],
    "virtual-wan": ["192.168.175.101/24"],
    "pair": ["now"],
}
JOIN = ALONE | {
    "hostname": ["beta"],
    "purpose": ["join"],
    "card-lan": ["2"],
    "card-wan": ["1"],
    "addresses-lan": ["192.168.12.142/24"],
    "addresses-wan": [""],
}


def test_a_box_that_stands_alone():
    person, box = Person(ALONE), Box()
    set_up(person, box)
    (raw,) = box.stored()
    assert raw == {
        "schema": 1,
        "admin": {"password_hash": HASH},
        "node": {
            "language": "en",
            "name": "alpha",
            "time_zone": "Europe/Berlin",
            "ports": {
                "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
                "wan": {"mac": CARDS[1].mac, "dhcp": True},
            },
        },
    }
    preseed = check_preseed(raw)
    assert (preseed.node.language, preseed.node.time_zone) == ("en", "Europe/Berlin")
    assert len(person.secrets) == 2
    assert "correct horse" not in person.text
    assert box.done[-1] == actions.Store(raw)


def test_a_master():
    person, box = Person(CREATE), Box()
    set_up(person, box)
    (raw,) = box.stored()
    cluster = raw["cluster"]
    assert (cluster["name"], cluster["master"], cluster["enabled"]) == ("office", "alpha", False)
    assert raw["node"]["ports"]["hotwire"] == {"mac": CARDS[2].mac}
    assert cluster["vrrp"] == {"vrid_offset": 50, "authentication": {"type": "hmac", "key": KEY}}
    assert [interface["virtual_addresses"] for interface in cluster["ha_interfaces"]] == [
        ["192.168.12.1/24"],
        ["192.168.175.101/24"],
    ]
    assert cluster["firewall"] == {
        "zones": {"internal": ["lan"], "external": ["wan"]},
        "rules": [{"name": "out", "action": "allow", "from": ["internal"], "to": ["external"]}],
        "source_nat": [{"address": "192.168.175.101", "from": ["internal"], "to": ["external"]}],
    }
    assert "lan may go out by wan" in person.text
    assert "as 192.168.175.101 (NAT)" in person.text
    check_preseed(raw)
    # Keys first, then it is activated.
    show, check = (actions.Hactl(words, root=True) for words in (("pair", "show"), ("check", "--wait", "90")))
    assert box.done[-3:] == [show, actions.Activate(), check]
    assert KEY not in person.text


def test_the_dhcp_server_that_is_asked_for_is_one():
    answers = CREATE | {"virtual-lan": ["192.168.200.1/24"], "dhcp-server-lan": ["yes"], "dns": ["9.9.9.9"]}
    person, box = Person(answers), Box()
    set_up(person, box)
    cluster = check_preseed(box.stored()[0]).cluster
    assert cluster is not None
    (network,) = cluster.follow.dhcp
    assert (network.port, str(network.first), str(network.last)) == (
        "lan",
        "192.168.200.100",
        "192.168.200.199",
    )
    assert (network.lease, [str(server) for server in network.dns]) == (12 * 3600, ["9.9.9.9"])
    told = "DHCP server on lan: 192.168.200.100-192.168.200.199, lease 12h, name servers 9.9.9.9"
    assert told in " ".join(person.text.split())


DIAL_IN = {
    "addresses-wan": ["pppoe"],
    "pppoe-user-wan": ["0815@provider.example"],
    "pppoe-password-wan": ["pa\u00dfwort", "right one"],
    "pppoe-vlan-wan": ["7"],
}


def test_a_way_out_by_dial_in():
    person, box = Person(CREATE | DIAL_IN), Box()
    set_up(person, box)
    (raw,) = box.stored()
    cluster = check_preseed(raw).cluster
    assert cluster is not None
    (line,) = cluster.follow.pppoe
    assert (line.name, line.port, line.user, line.password, line.vlan) == (
        *("wan0", "wan", "0815@provider.example", "right one", 7),
    )
    assert "virtual-wan" not in person.asked, "it has no addresses but the provider's"
    assert "internet [2] > " in person.screen
    assert raw["cluster"]["firewall"]["zones"] == {"internal": ["lan"], "external": ["wan0"]}
    assert raw["cluster"]["firewall"]["source_nat"][0]["address"] == "own"
    told = " ".join(person.text.split())
    assert "dial-in at wan: 0815@provider.example, VLAN 7" in told
    assert "lan may go out by wan0 as its own address there (NAT)" in told
    assert "right one" not in person.text


def test_a_box_that_stands_alone_does_not_dial():
    """Dial-ins belong to a cluster: its file names them."""
    person = Person(ALONE | {"addresses-wan": ["pppoe", "dhcp"]})
    set_up(person, Box())
    assert "is not an address with prefix length" in " ".join(person.text.split())


def test_a_spare_needs_no_address_where_the_pair_dials_in():
    ports = (PEER.ports[0], actions.PeerPort("wan", (), dial_in=True))
    person, box = Person(JOIN), Box(ReadPeer=replace(PEER, ports=ports))
    set_up(person, box)
    assert "addresses-wan" not in person.asked
    assert box.stored()[1]["node"]["ports"]["wan"] == {"mac": CARDS[0].mac}


def test_a_dhcp_server_beside_an_own_address_of_the_network_is_explained_and_left_out():
    person, box = Person(CREATE | {"dhcp-server-lan": ["yes"], "dhcp-server-lan-conflict": ["no"]}), Box()
    set_up(person, box)
    assert "clients of a DHCP server would bind to that own address" in " ".join(person.text.split())
    assert "dhcp" not in box.stored()[0]["cluster"].get("follow", {})


@pytest.mark.parametrize(
    "answers,firewall",
    [
        ({"internet": ["none"]}, None),
        ({"go-out": ["-"]}, {"zones": {"internal": ["lan"], "external": ["wan"]}}),
        (
            {"internet": ["1"], "source-nat": ["no"]},
            {
                "zones": {"internal": ["wan"], "external": ["lan"]},
                "rules": [{"name": "out", "action": "allow", "from": ["internal"], "to": ["external"]}],
            },
        ),
        (
            {"virtual-wan": ["2001:db8::101/64"]},
            {
                "zones": {"internal": ["lan"], "external": ["wan"]},
                "rules": [{"name": "out", "action": "allow", "from": ["internal"], "to": ["external"]}],
                "source_nat": [{"address": "own", "from": ["internal"], "to": ["external"]}],
            },
        ),
    ],
)
def test_who_may_go_out_and_as_whom(answers: dict[str, list[str]], firewall: dict[str, object] | None):
    person, box = Person(CREATE | answers), Box()
    set_up(person, box)
    (raw,) = box.stored()
    assert raw["cluster"].get("firewall") == firewall
    check_preseed(raw)
    forwards = firewall is not None and "rules" in firewall
    assert ("nothing is forwarded" in person.text) == (not forwards)


def test_the_port_with_the_gateway_is_offered_as_the_way_out():
    person = Person(CREATE | {"gateway": ["192.168.12.254"]})
    set_up(person, Box())
    assert "internet [1] > " in person.text


def test_only_some_networks_may_go_out():
    cards = CREATE | {"port-3": ["-"], "hotwire": ["3"], "go-out": ["lan"]}
    person, box = Person(cards | {"internet": ["wan"]}), Box()
    set_up(person, box)
    assert box.stored()[0]["cluster"]["firewall"]["rules"][0]["from"] == ["internal"]


def test_a_spare_takes_the_names_of_the_masters_ports():
    person, box = Person(JOIN), Box()
    set_up(person, box)
    first, second = box.stored()
    assert second["node"]["ports"] == {
        "hotwire": {"mac": CARDS[2].mac},
        "lan": {"mac": CARDS[1].mac, "addresses": ["192.168.12.142/24"]},
        "wan": {"mac": CARDS[0].mac, "addresses": []},
    }
    assert "cluster" not in second
    assert first["node"]["name"] == "beta"
    kinds = [type(action) for action in box.done]
    order = [actions.Store, actions.Hactl, actions.ReadPeer, actions.Store, actions.Pull]
    assert [kind for kind in kinds if kind in order] == order


REACH = {"gateway": ["192.168.175.1"], "dns": ["9.9.9.9"], "ntp": ["pool.ntp.org"], "ssh": ["lan"]}


def test_gateway_names_time_and_ssh_are_the_pair_s():
    person, box = Person(CREATE | REACH), Box()
    set_up(person, box)
    (raw,) = box.stored()
    shared = {key: raw["cluster"][key] for key in ("routes", "dns", "ntp", "ssh")}
    assert shared == {
        "routes": [{"destination": "default", "gateway": "192.168.175.1"}],
        "dns": {"servers": ["9.9.9.9"]},
        "ntp": {"servers": ["pool.ntp.org"]},
        "ssh": {"password": True, "ports": ["lan"]},
    }
    assert not shared.keys() & raw["node"].keys()
    assert "gateway: 192.168.175.1" in person.text
    assert set(Person(ALONE | REACH).asked) == set()
    box = Box()
    set_up(Person(ALONE | REACH | {"addresses-wan": ["192.168.175.102/24"]}), box)
    assert shared.keys() <= box.stored()[0]["node"].keys(), "a box that stands alone has its own"


@pytest.mark.parametrize("reach", [True, False])
def test_a_spare_is_asked_for_what_is_its_own_alone(reach: bool):
    person, box = Person(JOIN), Box(ReadPeer=replace(PEER, reach=reach))
    set_up(person, box)
    assert ({"gateway", "dns", "ntp", "ssh"} & set(person.asked) == set()) == reach


def test_a_pairing_that_fails_is_tried_again_or_left_for_later():
    person, box = Person(JOIN | {"pair-again": ["1", "2"]}), Box(Hactl=[Failed(()), Failed(())])
    set_up(person, box)
    assert [type(action) for action in box.done[-2:]] == [actions.Hactl, actions.Hactl]
    person, box = Person(CREATE | {"pair-again": ["later"]}), Box(Hactl=[Failed(())])
    set_up(person, box)
    assert actions.Activate() not in box.done
    assert "stays off" in person.text


def test_a_master_that_cannot_be_read_is_asked_again_paired_anew_or_left_for_later():
    silent = [Failed(("silent",)), Failed(("silent",)), PEER]
    person, box = Person(JOIN | {"join-again": ["again", "pair"]}), Box(ReadPeer=silent)
    set_up(person, box)
    pairing, reading = actions.Hactl(("pair", "enter"), root=True), actions.ReadPeer()
    done = [action for action in box.done if action in (pairing, reading)]
    assert done == [pairing, reading, reading, pairing, reading]
    assert isinstance(box.done[-1], actions.Pull)
    person, box = Person(JOIN | {"join-again": ["later"]}), Box(ReadPeer=Failed(("silent",)))
    set_up(person, box)
    assert box.done[-1] == reading
    assert "beta is configured." in person.text


def test_only_a_password_or_a_key_makes_an_administrator():
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} admin@office"
    box = Box()
    set_up(Person(ALONE | {"admin": ["ssh-key"], "ssh-key": [key]}), box)
    assert box.stored()[0]["admin"] == {"ssh_keys": [key]}
    box = Box()
    set_up(Person(ALONE | {"admin": ["3"], "ssh-key": ["ssh-rsa nonsense", "", key]}), box)
    assert box.stored()[0]["admin"] == {"password_hash": HASH, "ssh_keys": [key]}


@pytest.mark.parametrize(
    "key,wrong,told",
    [
        ("language", "3", "expected: a number from 1 to 2"),
        ("admin", "everybody", "expected: a number"),
        ("password", "short", "it has 5 characters: 8 to 128 are possible"),
        ("password", "", "expected: at least 8 characters"),
        ("password", "passwörter", "not every keyboard"),
        ("password-again", "another", "it differs"),
        ("hostname", "Fire Wall", "is not a host name: use 1 to 63 lower-case letters"),
        ("time-zone", "Middle Earth", "is no time zone that is known here"),
        ("time-zone", "europe", "which one: Europe/Berlin, Europe/Paris"),
        ("cards", "0", "expected: a number from 1 to 5"),
        ("purpose", "", "expected: a number from 1 to 3"),
        ("port-1", "hotwire", "hotwire is already a port"),
        ("port-2", "lan", "lan is already a port"),
        ("port-2", "W", "is not a port name"),
        ("addresses-lan", "192.168.12.300/24", "is not an address with prefix length"),
        ("addresses-lan", "192.168.12.141", "has no prefix length"),
        ("addresses-wan", "192.168.12.141/24", "already the own address"),
        ("virtual-lan", "192.168.12.141/24", "is already the own address of port lan"),
        ("virtual-wan", "192.168.12.1/24", "already the virtual address"),
        ("vrid-offset", "255", "a number from 0 to 254 is wanted"),
        ("vrid-offset", "minus one", "a number from 0 to 254 is wanted"),
        ("cluster", "Büro", "is not a name"),
        ("hotwire", "4", "expected: a number from 1 to 3"),
        ("write", "no", "expected: 1"),
    ],
)
def test_every_wrong_answer_is_refused_at_its_question(key: str, wrong: str, told: str):
    right = CREATE.get(key, [""])
    person, box = Person(CREATE | {key: [wrong, *right]}), Box()
    set_up(person, box)
    assert told in person.text
    assert person.asked.count(key) == 2
    assert len(box.stored()) == 1


def test_there_is_help_at_every_question():
    every = {
        key: ["?"]
        for key in ("start", "admin", "time-zone", "hotwire", "cluster", "vrid-offset", "passphrase")
    }
    every |= {key: ["?", *texts] for key, texts in CREATE.items() if key != "port-3"}
    person = Person(every)
    set_up(person, Box())
    asked = dict.fromkeys(person.asked)
    assert person.text.count("< goes back, ! stops.") >= len(every)
    assert set(every) <= set(asked)


def test_the_first_virtual_address_may_be_left_out_and_the_last_may_not():
    person, box = Person(CREATE | {"virtual-lan": [""], "virtual-wan": ["", "192.168.175.101/24"]}), Box()
    set_up(person, box)
    assert "! expected: addresses with prefix length" in person.text
    assert [each["port"] for each in box.stored()[0]["cluster"]["ha_interfaces"]] == ["wan"]


def test_a_port_with_dhcp_is_no_ha_interface():
    person, box = Person(CREATE | {"addresses-wan": ["dhcp"]}), Box()
    set_up(person, box)
    assert "wan asks a DHCP server for its address" in person.text
    assert [each["port"] for each in box.stored()[0]["cluster"]["ha_interfaces"]] == ["lan"]


def test_a_dhcp_server_needs_another_network_for_its_virtual_address():
    answers = {"dhcp-server-lan": ["yes", "yes"], "dhcp-server-lan-conflict": ["other"]}
    answers |= {"virtual-lan": ["192.168.12.1/24", "192.168.200.1/24"]}
    person, box = Person(CREATE | answers), Box()
    set_up(person, box)
    assert "would bind to that own address" in " ".join(person.text.split())
    cluster = box.stored()[0]["cluster"]
    assert cluster["ha_interfaces"] == [
        {"port": "lan", "virtual_addresses": ["192.168.200.1/24"]},
        {"port": "wan", "virtual_addresses": ["192.168.175.101/24"]},
    ]
    assert [network["port"] for network in cluster["follow"]["dhcp"]] == ["lan"]


def test_going_back_offers_what_was_typed_and_asks_anew():
    person, box = Person(ALONE | {"time-zone": ["<", "berlin"], "hostname": ["alpha", "gamma"]}), Box()
    set_up(person, box)
    assert "hostname [alpha] > " in person.screen
    assert box.stored()[0]["node"]["name"] == "gamma"


def test_nobody_goes_back_behind_the_first_question_or_behind_what_is_written():
    person = Person(CREATE | {"language": ["<", "1"], "pair": ["<", "later"]})
    box = Box()
    set_up(person, box)
    assert person.text.count("There is nothing to go back to") == 2
    assert len(box.stored()) == 1


def test_what_cannot_be_written_is_told_and_nobody_is_lost():
    person, box = Person(ALONE | {"write": ["1", "1"]}), Box(Store=[Failed(("the disk is full",)), ()])
    set_up(person, box)
    assert "! the disk is full" in person.text
    assert len(box.stored()) == 2


def test_a_single_card_can_only_stand_alone():
    person, box = Person(ALONE | {"purpose": [""]}), Box(ReadCards=CARDS[:1])
    set_up(person, box)
    assert list(box.stored()[0]["node"]["ports"]) == ["lan"]


def test_no_card_at_all_is_looked_for_again():
    person, box = Person(ALONE | {"cards": ["1", "1"]}), Box(ReadCards=[(), CARDS])
    set_up(person, box)
    assert "There is no network card." in person.text
    assert len(box.stored()) == 1


def test_a_card_blinks():
    person, box = Person(ALONE | {"cards": ["blink-2", "1"]}), Box(Blink=Failed(("enp2s0: it cannot",)))
    set_up(person, box)
    assert actions.Blink("enp2s0") in box.done
    assert "enp2s0: it cannot" in person.text


def test_a_stick_does_it_all():
    person, box = Person({"language": ["1"], "start": ["stick"]}), Box(ReadStick=())
    set_up(person, box)
    assert not box.stored()
    person, box = Person(ALONE | {"start": ["stick", "1"]}), Box()
    set_up(person, box)
    assert "! there is no stick" in person.text


def installing(**answers: list[str]) -> Person:
    return Person(ALONE | {"start": ["install-to-disk", "1"]} | answers)


def test_what_runs_is_installed_on_another_disk_and_the_box_switched_off():
    person, box = installing(**{"install-disk": ["1"], "installed": [""]}), Box()
    set_up(person, box, replace(FACTS, installable=True))
    assert box.done[:3] == [
        actions.ReadDisks(),
        actions.Hactl(("install-to-disk", "/dev/nvme0n1"), root=True),
        actions.Run(("systemctl", "poweroff")),
    ]
    assert "/dev/sda  Ultra Fit, 32.0 GB, usb: the box runs from it" in person.text


@pytest.mark.parametrize(
    "answer, result",
    [
        ([""], {}),
        (["no"], {}),
        (["1"], {"Hactl": Failed(())}),
        ([], {"ReadDisks": Failed(("there is no lsblk",))}),
        ([], {"ReadDisks": DISKS[:1]}),
    ],
)
def test_whoever_installs_nothing_is_back_at_the_question(answer: list[str], result: dict[str, object]):
    person, box = installing(**{"install-disk": answer}), Box(**result)
    set_up(person, box, replace(FACTS, installable=True))
    assert person.asked.count("start") == 2
    assert "installed" not in person.asked
    assert not [action for action in box.done if isinstance(action, actions.Run)]


def test_without_another_disk_nothing_is_said_of_installing():
    person = Person(ALONE)
    set_up(person, Box())
    assert "internal disk" not in person.text


def test_it_speaks_german():
    person, box = Person(ALONE | {"language": ["2"], "hostname": ["Ä", "alpha"]}), Box()
    set_up(person, box)
    assert "Zeitzone" in person.text
    assert "Zusammenfassung" in person.text
    assert person.text.isascii()
    assert box.stored()[0]["node"]["language"] == "de"


@pytest.mark.parametrize("way", ["!", "\x03"])
def test_whoever_stops_has_changed_nothing(way: str):
    row = ["1", "1", "1", "correct horse", "correct horse", "alpha", "berlin", "1", "alone"]
    row += ["lan", "-", "-", "192.168.12.141/24"]
    for count in range(len(row) + 1):
        box = Box()
        with pytest.raises(Stopped):
            set_up(Person([*row[:count], way]), box)
        assert not box.stored()


def test_a_service_that_the_firmware_lacks_is_refused_where_it_is_asked():
    answers = CREATE | {"follow-services": ["nothing.service", "report.timer"]}
    person, box = Person(answers), Box()
    set_up(person, box, replace(FACTS, has_unit=lambda unit: unit == "report.timer"))
    assert "! this firmware has no nothing.service that may follow" in person.text
    assert box.stored()[0]["cluster"]["follow"]["services"] == [{"unit": "report.timer"}]


def test_a_box_whose_data_cannot_be_read_is_not_taken_for_a_new_one():
    """Else whoever damages the disk makes himself its administrator."""
    facts = replace(
        FACTS, problems=("the data partition cannot be used: input/output error",), unreadable=True
    )
    person, box = Person({"language": ["1"], "unreadable": ["2"]}), Box()
    set_up(person, box, facts)
    assert box.done == [actions.Run(("systemctl", "poweroff"))]
    assert "input/output error" in person.text
    assert "not configured" not in person.text
    assert set(person.asked) == {"language", "unreadable"}
