"""What one node refuses to install, whatever its clock says."""

import base64
from pathlib import Path

import pytest

from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.paths import CACHE
from tests.lab.forged import Signer, forge

from .conftest import BOARD

THIS, OTHER_BOARD = f"hotspare-{BOARD}", "hotspare-apu2"
BUNDLE = "/tmp/wrong-board.raucb"


@pytest.fixture
def node(pair: Lab, tmp_path: Path) -> Node:
    """The spare, with a bundle."""
    beta = pair.node("beta")
    keys = CACHE / "keys"
    us = Signer(keys / "development.key.pem", keys / "development.cert.pem")
    put(beta, BUNDLE, forge(us, OTHER_BOARD, "9.9"))
    return beta


def put(node: Node, path: str, content: bytes) -> None:
    """A small file; of its zeros at the beginning only the number travels."""
    rest = content.lstrip(b"\0")
    text = base64.b64encode(rest).decode()
    node.run(f"truncate -s {len(content) - len(rest)} {path} && echo {text} | base64 -d >>{path}")


def refusal(node: Node, path: str) -> str:
    """Its one line."""
    said = node.run(f"hactl firmware install {path} 2>&1 >/dev/null; test $? = 1", root=True).output
    lines = [line for line in said.splitlines() if line.startswith("hactl: ")]
    assert len(lines) == 1, said
    return lines[0]


def test_the_time_of_signing_counts_and_not_the_nodes_clock(node: Node) -> None:
    """Before the certificate began and after its end the signature is good: only the board is wrong."""
    words = f"is for {OTHER_BOARD}, and this node is a {THIS}"
    for years in (-20, 30):
        shift = years * 365 * 86400
        node.run(f"date -s @$(($(date +%s) + {shift}))", root=True)
        assert words in refusal(node, BUNDLE)
        node.run(f"date -s @$(($(date +%s) - {shift}))", root=True)
