"""What all stages of one build share."""

from dataclasses import dataclass
from pathlib import Path

from firmware.build.board import Board
from firmware.build.layers import LayerCache
from firmware.build.mirror import Mirror
from firmware.build.options import BuildOptions
from firmware.build.progress import Progress
from firmware.build.tools import Tools
from firmware.build.trust import Trust

LAYER_EPOCH = 1_767_225_600
"""Seconds since 1970 (2026-01-01): the clock that layers are made by, so that a commit ages none of them."""


@dataclass(frozen=True)
class Context:
    """One build: its inputs and the places it works in. Nothing here changes while it runs."""

    options: BuildOptions
    build_id: str
    board: Board
    mirror: Mirror
    progress: Progress
    layers: LayerCache
    tools: Tools
    trust: Trust
    root: Path
    """The checkout."""
    cache: Path
    images: Path
    work: Path
    """This build's own folder; gone when it ends."""

    @property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH of the image, in seconds since 1970."""
        assert self.options.source_date_epoch is not None
        return self.options.source_date_epoch

    @property
    def target(self) -> Path:
        """TARGET_DIR: the root file system in the making."""
        return self.work / "target"

    @property
    def binaries(self) -> Path:
        """BINARIES_DIR: kernel, initrd, and later the images."""
        return self.work / "binaries"
