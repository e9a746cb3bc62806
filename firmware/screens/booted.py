"""The screens of a pair at work: two nodes are booted, and asked as an administrator would ask them."""

from collections.abc import Mapping

from firmware.lab.images import raw_image
from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

NAMES = frozenset({"status", "status-absent", "status-refused", "history"})
"""What only a pair shows: a page keeps what it has of them while none is booted."""
_BOOT = 600.0
_STEP = 120.0
_NODE, _CLUSTER = "/data/state/node.toml", "/data/state/cluster.toml"


def booted_blocks(board: str) -> Mapping[str, str]:
    """All of them. Raises FirmwareError: the image cannot be built, or a node does not come up."""
    with Lab(STANDARD_PAIR, LabOptions(raw_image(board))) as lab:
        alpha, beta = lab.node("alpha"), lab.node("beta")
        for node in (alpha, beta):
            node.power_on()
        alpha.wait_for_state("active", _BOOT)
        beta.wait_for_state("backup", _BOOT)
        exchange_keys(alpha, beta)
        alpha.wait_until("hactl config sync --to-peer --yes", _STEP, root=True)
        alpha.wait_until("hactl status --check", _BOOT)
        return {
            "status": _output(alpha, "hactl status"),
            **_switched(alpha, beta),
            "status-absent": _absent(alpha),
            "status-refused": _refused(beta),
        }


def _switched(alpha: Node, beta: Node) -> Mapping[str, str]:
    """A planned switch, and a cable that is pulled and plugged again."""
    beta.wait_until("hactl switch", _STEP)
    beta.wait_for_state("active", _STEP)
    alpha.wait_for_state("backup", _STEP)
    beta.pull("lan")
    alpha.wait_for_state("active", _STEP)
    history = _output(alpha, "hactl history")
    beta.plug("lan")
    return {"history": history}


def _absent(alpha: Node) -> str:
    """A network card that was replaced: it is waited for, then the other node takes over."""
    alpha.run(f"sed -i s/{alpha.mac('lan')}/52:54:00:48:0a:99/ {_NODE}; hactl reload", root=True)
    alpha.wait_for_state("backup", _STEP)
    alpha.wait_until("hactl status | grep -q '1 link down'", _STEP)
    return _output(alpha, "hactl status")


def _refused(beta: Node) -> str:
    """Somebody edited the file by hand, and started the node."""
    beta.run(f'sed -i \'s/port = "wan"/port = "wann"/\' {_CLUSTER}; systemctl restart hadaemon', root=True)
    beta.wait_for_state("off", _STEP)
    return _output(beta, "hactl status")


def _output(node: Node, command: str) -> str:
    return node.run(command).output.replace("\r", "").strip("\n") + "\n"
