"""What `pair` is asked for."""

from dataclasses import dataclass

from firmware.build.options import DEFAULT_BOARD
from firmware.options import Options, option


@dataclass(frozen=True, slots=True)
class PairOptions(Options):
    """Two nodes in QEMU."""

    board: str = option("which board's image to boot", DEFAULT_BOARD)
    uefi: bool = option("boot through UEFI firmware instead of BIOS", False)
    cold: bool = option("boot both nodes, and do not begin with the snapshot of a pair that is up", False)
    setup: str = option("one of docs/setups/ in place of the standard pair, e.g. virtual-cluster", "")
    keep: bool = option("keep the nodes' disks, logs and captures after the end", False)
