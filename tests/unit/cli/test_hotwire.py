"""What `hactl status` says of the hotwire and the other node."""

from typing import Any

from hadaemon.cli.hotwire import hotwire_lines
from hadaemon.operations.asking import understood_status
from tests.unit.cli.answers import pair

PEER: dict[str, Any] = pair()["hotwire"]["peer"] | {"links": [["lan", True], ["wan", False]]}
OWN: dict[str, Any] = pair()["hotwire"]["own"] | {"connections": None, "load": 1.5}


def answer(peer: dict[str, Any] | None = PEER, **hotwire: Any) -> dict[str, Any]:
    told = pair()
    told["hotwire"] |= {"own": OWN, "peer": peer} | hotwire
    return told


def lines(told: dict[str, Any], verbose: bool = False) -> list[str]:
    return list(hotwire_lines(understood_status(told).node, verbose))


def test_all_is_well():
    assert lines(answer()) == [
        "hotwire: up, encrypted, enp3s0 192.168.180.2/24, 192.168.180.3 heard 0.0 s ago",
        "  beta (spare), priority 253: all links up, not preferred, ready to take over",
        "  links: lan up, wan down",
        "                 alpha                   beta",
        "  state          ACTIVE for 2 h 3 min    BACKUP for 2 h 1 min",
        "  firmware       0.1.0                   0.1.0",
        "  configuration  generation 7, 01234567  generation 7, 01234567",
        "  connections    -                       120",
        "  load           1.50                    0.25",
    ]


def test_what_never_changes_is_told_when_it_differs_or_when_asked():
    assert [line for line in lines(answer(), verbose=True) if "model" in line or "cards" in line] == [
        "  model          PC Engines APU2         PC Engines APU2",
        "  network cards  3                       3",
    ]
    (model,) = [line for line in lines(answer(peer=PEER | {"model": "QEMU"})) if "model" in line]
    assert model.endswith("! differs")


def test_one_that_is_not_encrypted_does_not_say_so():
    assert lines(answer(encrypted=False))[0].startswith("hotwire: up, enp3s0")


def test_drops_and_counters():
    assert lines(answer(), verbose=True)[-1] == "  heartbeats sent 10, received 9, dropped: none"
    told = lines(answer(drops={"wrong-key": 3}))
    assert told[-1] == "  heartbeats sent 10, received 9, dropped: wrong-key 3"


def test_no_hotwire_and_no_pairing():
    assert lines(pair() | {"hotwire": None}) == []
    unpaired = {"hotwire": {"state": "not-paired", "port": "hotwire"}}
    assert lines(pair() | unpaired) == ["hotwire: not paired (port hotwire)"]


def test_a_peer_that_is_gone_or_was_never_heard():
    told = lines(answer(state="silent", last_word="shutdown"))
    assert told[0].endswith("the other node is gone: shutdown")
    assert told[1].startswith("  beta (spare) was BACKUP")
    never = lines(answer(peer=None, state="down", interface=None, last_heard=None))
    assert never == ["hotwire: down, absent 192.168.180.2/24, the other node was never heard"]


def test_differences_and_faults_are_shown():
    sick = PEER | {"firmware": "0.2.0", "unready": "lan has no link", "failed_groups": 2, "links_down": 1}
    told = lines(answer(peer=sick, connected=False))
    assert told[0].endswith("no connection to its daemon yet")
    assert "1 link down, 2 checks failed, not preferred, not ready: lan has no link" in told[1]
    assert told[5].split() == ["firmware", "0.1.0", "0.2.0", "!", "differs"]
    assert not any("differs" in line for line in told[6:])


def test_whatever_is_not_the_same_is_marked():
    other = {"configuration": "f" * 16, "generation": 8, "model": "QEMU Standard PC", "cards": 4}
    marked = [line.split()[0] for line in lines(answer(peer=PEER | other)) if line.endswith("  ! differs")]
    assert marked == ["configuration", "model", "network"]
    counted = lines(answer(peer=PEER | {"generation": 8}))
    assert not any("differs" in line for line in counted), "the same content, counted differently"


def test_an_older_version_does_not_tell_all():
    older = {key: value for key, value in PEER.items() if key not in ("model", "cards", "since")}
    told = lines(answer(peer=older), verbose=True)
    assert "  state          ACTIVE for 2 h 3 min    BACKUP" in told
    assert [line.split()[-1] for line in told if line.startswith(("  model", "  network"))] == ["unknown"] * 2
