"""`hactl connections` on two nodes: their kernels, a real conntrackd, and real SSH to ask by."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys

from .conntrack import Kernel
from .test_sync_config import CLUSTER

OWN = "192.168.12.141"
"""alpha's, as its node.toml has it."""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[tuple[SyncBox, Kernel], tuple[SyncBox, Kernel]]]:
    with Namespaces() as namespaces:
        boxes = build_sync_pair(namespaces, tmp_path)
        exchange_keys(*boxes)
        kernels = []
        for box in boxes:
            box.apply(CLUSTER)
            kernel = Kernel(box.name, box.namespace, box.folder)
            kernel.OWN = (OWN,)
            kernel.configure()
            kernel.start()
            kernels.append(kernel)
        yield (boxes[0], kernels[0]), (boxes[1], kernels[1])


def shown(box: SyncBox, *words: str) -> dict[str, Any]:
    done = box.hactl("connections", *words, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_which_node_has_which_connection(nodes: tuple[tuple[SyncBox, Kernel], ...]) -> None:
    (alpha, here), (beta, there) = nodes
    here.add_mixture()
    there.wait_count(here.count())
    here.add(f"-p udp -s {OWN} -d 203.0.113.9 --sport 7 --dport 9 -t 60")
    there.stop()
    here.add("-p udp -s 10.0.0.8 -d 203.0.113.9 --sport 8 --dport 53 -t 100")

    mixture = shown(alpha, "10.0.0.0/29")
    found = {each["source_port"]: each for each in mixture["connections"]}
    assert {port: each["where"] for port, each in found.items()} == dict.fromkeys(
        (1, 2, 3, 5, 6, 7, 53), "both"
    )
    assert (found[1]["state"], found[2]["state"], found[6]["state"]) == (
        "established",
        "syn_sent",
        "established",
    )
    assert (found[3]["new_source"], found[53]["new_destination"]) == ("198.51.100.1", "10.0.0.3")
    assert found[1]["assured"]
    assert not found[2]["replied"]

    where = {each["source"]: each["where"] for each in shown(alpha, "udp", "port", "9")["connections"]}
    assert where == {OWN: "own"}
    lost = shown(alpha, "10.0.0.8")
    assert [each["where"] for each in lost["connections"]] == ["here"]
    assert (lost["here"], lost["there"]) == (1, 0)
    assert [each["where"] for each in shown(beta, "host", "10.0.0.8")["connections"]] == ["there"]

    assert {each["source"] for each in shown(alpha, "icmp")["connections"]} == {"10.0.0.1", "2001:db8::1"}
    assert shown(alpha, "tcp", "--count")["there"] == 4
    text = alpha.on_peer("connections", "port", "443", "established").stdout
    assert "10.0.0.1:1 → 203.0.113.9:443" in text
    assert "[2001:db8::1]:1 → [2001:db8::2]:443" in text
    refused = alpha.on_peer("connections", "/etc/shadow")
    assert "only commands that read can be run on the peer" in refused.stderr


def test_of_a_large_table_the_first_ones_are_shown(nodes: tuple[tuple[SyncBox, Kernel], ...]) -> None:
    (alpha, here), (_, there) = nodes
    here.load(5000)
    there.wait_count(5000)
    answer = shown(alpha, "tcp", "--limit", "1000")
    assert (answer["here"], answer["there"], len(answer["connections"])) == (5000, 5000, 1000)
    assert {each["where"] for each in answer["connections"]} == {"both"}
    done = alpha.hactl("connections", "--limit", "2")
    assert "… and 4998 more" in done.stdout
