"""What the daemon of a pair answers to `hactl status`, and what people see of an answer."""

from typing import Any, TypeAlias

from hadaemon.cli.render import render_status
from hadaemon.control.codec import encode
from hadaemon.operations.asking import understood_status
from hadaemon.problems import other

Answer: TypeAlias = dict[str, Any]


def shown(answer: Answer, verbose: bool = False, now: float | None = None) -> str:
    """The screen."""
    return render_status(understood_status(answer), verbose, now)


def problem(text: str) -> dict[str, Any]:
    """One without a word of its own."""
    return dict(encode(other("", text)))


def pair(**status: Any) -> Answer:
    """Two well nodes with two HA interfaces; `status` replaces what the node says of itself."""
    vitals = {
        "firmware": "0.1.0",
        "generation": 7,
        "configuration": "0123456789abcdef",
        "connections": 120,
        "load": 0.25,
        "model": "PC Engines APU2",
        "cards": 3,
        "since": 7265,
        "upgrade": {
            "known": True,
            "on_trial": False,
            "next_version": "0.1.0",
            "healthy": True,
            "sick": False,
            "soaked": True,
            "slot_bad": False,
            "plan": None,
        },
    }
    peer = vitals | {
        "name": "beta",
        "state": "backup",
        "links_down": 0,
        "failed_groups": 0,
        "preferred": False,
        "releasing": False,
        "epoch": 0,
        "switched": False,
        "claims": False,
        "deaf": False,
        "unproven": 0,
        "suspended": False,
        "unready": "",
        "links": [["lan", True], ["wan", True]],
        "key_offer": "0123456789abcdef0123456789abcdef",
        "key_ready": "0123456789abcdef",
        "key_uses": "0123456789abcdef",
    }
    node = {
        "node": "alpha",
        "cluster": "office",
        "role": "master",
        "state": "active",
        "reason": "no active node was heard",
        "since": 7384.2,
        "score": {
            "priority": 254,
            "links_down": 0,
            "failed_groups": 0,
            "preferred": True,
            "unproven": 0,
            "missing_routes": 0,
            "failed_checks": 0,
            "failed_services": 0,
        },
        "interfaces": [_interface("lan", 51), _interface("wan", 52)],
        "peer": None,
        "hotwire": {
            "state": "alive",
            "node": "beta",
            "node_state": "backup",
            "priority": 253,
            "ready": True,
            "unready": "",
        },
        "problems": [],
        "phase": None,
        "maintenance": False,
        "suspended": None,
        "ping_groups": [],
        "tracked_routes": [],
        "checks": [],
    }
    return {
        "ok": True,
        "schema": 2,
        "configuration": "cluster",
        "status": node | status,
        "ports": [_port("lan", 1), _port("wan", 2), _port("hotwire", 3)],
        "unbound": [],
        "firmware": {
            "version": "0.1.0",
            "slot": "A",
            "failing": {},
            "on_trial": False,
            "pair": {"state": "synchronized", "reason": "both nodes run 0.1.0"},
        },
        "sync": {"state": "synchronized", "reason": "both nodes have generation 7", "generation": 7},
        "conntrack": {"here": 120, "there": 118, "missing": 0, "running": True, "errors": {}},
        "services": [],
        "hotwire": {
            "state": "up",
            "port": "hotwire",
            "interface": "enp3s0",
            "address": "192.168.180.2/24",
            "peer_address": "192.168.180.3",
            "last_heard": 0.04,
            "connected": True,
            "encrypted": True,
            "sent": 10,
            "received": 9,
            "drops": {},
            "last_word": "",
            "own": vitals,
            "peer": peer,
        },
        "upgrade": None,
        "verdict": {"redundancy": "redundant", "reasons": []},
        "pid": 1,
        "alarms": {"active": [], "recent": [], "ways": None},
    }


def alone() -> Answer:
    """A node of a cluster without a hotwire, which has not heard the other one."""
    nothing = dict.fromkeys(("hotwire", "sync", "conntrack"))
    answer = pair(hotwire=None, interfaces=[_interface("lan", 51)]) | nothing
    answer["firmware"]["pair"] = None
    answer["ports"] = answer["ports"][:1]
    return answer


def _interface(port: str, vrid: int) -> dict[str, Any]:
    return {
        "port": port,
        "vrid": vrid,
        "state": "active",
        "link": "up",
        "address": "192.168.175.102",
        "address6": None,
        "virtual_addresses": ["192.168.175.101/24"],
        "held": True,
        "sent": 7384,
        "received": 0,
        "last_heard": None,
        "heard_from": None,
        "heard_priority": None,
        "discards": {},
        "addresses_on": None,
    }


def _port(name: str, number: int) -> dict[str, Any]:
    return {
        "port": name,
        "mac": f"52:54:00:48:0a:0{number}",
        "interface": f"enp{number}s0",
        "driver": "igb",
        "carrier": True,
        "addresses": [],
    }
