"""The signing key changes over updates: a node follows, and then believes the earlier key no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.keys.authority import create
from firmware.lab.node import Node
from firmware.lab.opening import READY
from firmware.lab.topology import STANDARD_PAIR
from firmware.paths import CACHE

from .conftest import BOARD, Labs
from .test_firmware import BOOT_SECONDS, INSTALL_SECONDS, copy_bundle, put_bundle, version, with_bundle

pytestmark = pytest.mark.nightly

WORDS = "a passphrase for a test"
NOT_TRUSTED = "it is not signed by a key that this node trusts"


@dataclass(frozen=True)
class Bundles:
    """`both` is signed by the key of the flashed image and trusts a CA too; `new` is of that CA alone."""

    both: Path
    new: Path


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    folder = tmp_path_factory.mktemp("keys")
    words = folder / "words"
    words.touch(mode=0o600)
    words.write_text(f"{WORDS}\n")
    ca = create(folder / "ca", "Example", 7300, WORDS)
    ca.issue("new", ca.add_key("new", WORDS), 730, WORDS)
    old_key, old_cert = (CACHE / f"keys/development.{kind}.pem" for kind in ("key", "cert"))
    both = BuildOptions(
        BOARD,
        version="2.0.0",
        key=str(old_key),
        cert=old_cert,
        keyring=(str(old_cert), str(ca.folder / "ca.cert.pem")),
    )
    new = BuildOptions(
        BOARD,
        version="3.0.0",
        key=str(ca.key("new")),
        cert=ca.cert("new"),
        keyring=(str(ca.keyring),),
        passphrase=words,
    )
    return Bundles(build_image(both).bundle, build_image(new).bundle)


@pytest.fixture
def alone(labs: Labs, image: Path, bundles: Bundles) -> Iterator[Node]:
    with labs.open_at(
        READY, STANDARD_PAIR.only("alpha"), with_bundle(image, bundles.both, new=bundles.new)
    ) as lab:
        yield lab.node("alpha")


def update(node: Node, wanted: tuple[str, str]) -> None:
    """To what is in /data, by a restart."""
    node.run("hactl firmware install /data/new.raucb", root=True, seconds=INSTALL_SECONDS)
    node.reset()
    node.wait_until(f"hactl history | grep 'firmware {wanted[0]} in slot {wanted[1]} is good'", BOOT_SECONDS)
    assert version(node) == wanted


def refusal(node: Node) -> str:
    command = "hactl firmware install --allow-downgrade /data/new.raucb 2>&1; test $? = 1"
    return node.run(command, root=True, seconds=INSTALL_SECONDS).output


def test_a_node_follows_to_another_key_and_back(alone: Node, bundles: Bundles) -> None:
    copy_bundle(alone, bundles.new, "new")
    assert NOT_TRUSTED in refusal(alone)
    put_bundle(alone, bundles.both)
    update(alone, ("2.0.0", "B"))
    put_bundle(alone, bundles.new, "new")
    update(alone, ("3.0.0", "A"))
    put_bundle(alone, bundles.both)
    assert NOT_TRUSTED in refusal(alone)
    alone.run("hactl firmware rollback", root=True)
    alone.reset()
    alone.wait_for_state("active", BOOT_SECONDS)
    assert version(alone) == ("2.0.0", "B")
