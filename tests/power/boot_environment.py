"""GRUB's environment block, and which slot board/common/grub.cfg starts with it."""

from firmware.build.boot import GRUBENV_HEADER, GRUBENV_SIZE
from tests.power.errors import Fault

_LOST = {"ORDER": "A B", "A_OK": "1", "B_OK": "1", "A_TRY": "0", "B_TRY": "0"}
"""What grub.cfg begins with."""
_TRIES = ("0", "1", "2")


def parse(block: bytes) -> dict[str, str]:
    """The values of a block that is whole. Raises Fault."""
    if len(block) != GRUBENV_SIZE:
        raise Fault(f"has {len(block)} bytes and not {GRUBENV_SIZE}", "grubenv")
    if not block.startswith(GRUBENV_HEADER.encode()):
        raise Fault("has no header", "grubenv")
    lines = block.decode("ascii", "replace").rstrip("#").splitlines()[1:]
    values = {name: value for name, found, value in (line.partition("=") for line in lines) if found}
    missing = _LOST.keys() - values.keys()
    if missing or not all("=" in line for line in lines):
        raise Fault(f"is not made of the five values: {lines}", "grubenv")
    return values


def order_of_trying(values: dict[str, str]) -> list[str]:
    """The slots as GRUB tries them one start after the other: the chosen one, then those it falls to."""
    found = _LOST | values
    good = [slot for slot in found["ORDER"].split() if found.get(f"{slot}_OK") == "1"]
    due = [slot for slot in good if found[f"{slot}_TRY"] in _TRIES]
    # Without any it counts anew, the first of ORDER first.
    return [*due, *(slot for slot in good if slot not in due)] or found["ORDER"].split()
