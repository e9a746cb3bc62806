"""What `flash` is asked for."""

from dataclasses import dataclass
from pathlib import Path

from firmware.build.options import DEFAULT_BOARD
from firmware.options import Options, option


@dataclass(frozen=True, slots=True)
class FlashOptions(Options):
    """`image` None is the newest one of the board; `yes` does not ask."""

    device: Path | None = option(
        "the whole disk to overwrite, e.g. /dev/sdb; without it, the disks are listed", None
    )
    board: str = option("which board's newest image", DEFAULT_BOARD)
    image: Path | None = option("another image, an .img.zst with its .img.bmap beside it", None)
    preseed: Path | None = option(
        "a preseed.toml that the node takes at its first boot; it is checked before", None
    )
    yes: bool = option("do not ask", False)
