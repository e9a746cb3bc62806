"""A slot's root file system, by the argument of the kernel that opens it: veritysetup reads all of it."""

import re
from pathlib import Path

from firmware.build.seal import BLOCK, HASH
from tests.power.errors import Fault
from tests.power.programs import output, run

_ARGUMENT = re.compile(r"hotspare\.verity=(\d+):(\d+):([0-9a-f]{128}):([0-9a-f]*)")


def check_root(image: Path, slot_cfg: str, name: str) -> None:
    """Reads all of it. Raises Fault.

    As in the initrd, the argument counts and not the superblock before the tree.
    """
    found = _ARGUMENT.search(slot_cfg)
    if found is None:
        raise Fault("names no hotspare.verity", f"slot.cfg of {name}")
    blocks, root, salt = int(found[1]), found[3], found[4]
    done = run(
        *("veritysetup", "verify", image, image, root, "--no-superblock", f"--salt={salt}", f"--hash={HASH}"),
        *(f"--data-blocks={blocks}", f"--data-block-size={BLOCK}", f"--hash-block-size={BLOCK}"),
        f"--hash-offset={(blocks + 1) * BLOCK}",
    )
    if done.returncode:
        raise Fault(f"does not hold what its root hash was made of: {output(done)}", name)
