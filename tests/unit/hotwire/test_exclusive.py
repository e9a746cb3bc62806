"""The list of what the hotwire carries, and the rules that follow from it."""

from hadaemon.hotwire.exclusive import SERVICES, Protocol, ruleset


def test_the_list():
    carried = {(service.protocol, service.port) for service in SERVICES}
    assert carried == {
        (Protocol.TCP, 22),
        (Protocol.UDP, 3780),
        (Protocol.UDP, 3781),
        (Protocol.TCP, 3782),
    }


def test_every_service_has_its_rule_and_the_rest_is_dropped():
    rules = ruleset("enp3s0").splitlines()
    listed = rules[rules.index("\tchain listed {") + 1 :]
    listed = [line.strip() for line in listed[: listed.index("\t}")]]
    for service in SERVICES:
        assert f'{service.protocol} dport {service.port} accept comment "{service.name}"' in listed
    assert listed[-1] == "counter drop"
    assert [line for line in listed if "udp sport" in line] == []


def test_nothing_is_forwarded_either_way():
    rules = ruleset("enp3s0")
    forward = rules[rules.index("chain forward") :]
    assert 'iifname "enp3s0" counter drop' in forward
    assert 'oifname "enp3s0" counter drop' in forward


def test_loading_replaces_what_was_there():
    lines = ruleset("enp3s0").splitlines()
    assert lines[:2] == ["table inet hotspare_hotwire", "delete table inet hotspare_hotwire"]
