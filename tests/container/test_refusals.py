"""What one node refuses to install, with the real RAUC: one message, nothing changed."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.paths import CACHE
from tests.lab.container import Container
from tests.lab.forged import BLOCK, Signer, forge

from .conftest import BOARD
from .pair import ContainerPair

THIS, OTHER_BOARD = f"hotspare-{BOARD}", "hotspare-apu2"

BUNDLES: dict[str, tuple[Callable[[Signer, Path], bytes], str]] = {
    "wrong-board": (
        lambda us, folder: forge(us, OTHER_BOARD, "9.9"),
        f"is for {OTHER_BOARD}, and this node is a {THIS}",
    ),
    "older": (
        lambda us, folder: forge(us, THIS, "dev"),
        "has version dev, which is not newer than dev, which runs",
    ),
    "damaged": (
        lambda us, folder: forge(us, THIS, "9.9", payload=b"x" * BLOCK),
        "is damaged: its content is not what was signed",
    ),
    "truncated": (
        lambda us, folder: forge(us, THIS, "9.9")[:-700],
        "it is truncated, or no update bundle",
    ),
    "changed": (
        lambda us, folder: forge(us, THIS, "9.8").replace(b"version=9.8", b"version=9.9"),
        "its signature does not match: it was changed",
    ),
    "stranger": (
        lambda us, folder: forge(Signer.stranger(folder), THIS, "9.9"),
        "it is not signed by a key that this node trusts",
    ),
    "expired": (
        lambda us, folder: forge(us.issue_expired(folder), THIS, "9.9"),
        "the certificate that signed it had expired when it did",
    ),
}
"""How it is made, and what the node says to it."""


@pytest.fixture
def node(pair: ContainerPair, tmp_path: Path) -> Iterator[Container]:
    """The spare, with all the bundles."""
    beta = pair.node("beta")
    keys = CACHE / "keys"
    us = Signer(keys / "development.key.pem", keys / "development.cert.pem")
    beta.run("mkdir -p /run/refused && chmod 777 /run/refused", root=True)
    for name, (make, _) in BUNDLES.items():
        put(beta, f"/run/refused/{name}.raucb", make(us, tmp_path))
    yield beta
    beta.run("rm -rf /run/refused /data/full", root=True)


def put(node: Container, path: str, content: bytes) -> None:
    """A small file; of its zeros at the beginning only the number travels."""
    rest = content.lstrip(b"\0")
    text = base64.b64encode(rest).decode()
    node.run(f"truncate -s {len(content) - len(rest)} {path} && echo {text} | base64 -d >>{path}")


def refusal(node: Container, name: str) -> str:
    """Its one line."""
    said = node.run(
        f"hactl firmware install /run/refused/{name}.raucb 2>&1 >/dev/null; test $? = 1", root=True
    ).output
    lines = [line for line in said.splitlines() if line.startswith("hactl: ")]
    assert len(lines) == 1, said
    return lines[0]


def state_of(node: Container) -> str:
    """The boot environment, RAUC's status and what is kept."""
    return node.run(
        "cat /boot/efi/grub/grubenv /data/rauc/central.raucs; "
        "find /data/firmware /data/state/firmware -type f 2>/dev/null",
        root=True,
        check=False,
    ).output


def test_a_bad_bundle_is_refused_with_one_message_and_changes_nothing(node: Container) -> None:
    before = state_of(node)
    said = {name: refusal(node, name) for name in BUNDLES}
    assert {name: words for name, (_, words) in BUNDLES.items() if words not in said[name]} == {}, said
    assert state_of(node) == before


def test_a_full_disk_is_one_message(node: Container) -> None:
    before = state_of(node)
    node.run("fallocate -l $(($(df --output=avail -B1 /data | tail -1) - 10000000)) /data/full", root=True)
    assert "/data/firmware: the disk is full: the update needs" in refusal(node, "damaged")
    assert state_of(node) == before


def test_a_node_with_one_broken_slot_says_so_and_does_not_go_back_to_it(node: Container) -> None:
    """Slot B has been marked bad, as after a trial that failed; then it is mended again."""
    assert node.status()["firmware"]["slot"] == "A"
    node.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", root=True)
    node.run("grub-editenv /boot/efi/grub/grubenv set B_OK=0", root=True)
    try:
        before = state_of(node)
        said = node.run("hactl firmware rollback 2>&1; test $? = 1", root=True).output
        assert "slot B holds nothing that can be started" in said
        assert (
            "slot B: as it was flashed: cannot be started"
            in node.run("hactl firmware status", root=True).output
        )
        assert state_of(node) == before
    finally:
        node.run("grub-editenv /boot/efi/grub/grubenv set B_OK=1", root=True)
