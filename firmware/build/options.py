"""What a build is asked for and what it hands back: values only."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_BOARD = "generic-x86_64"
DEVELOPMENT_VERSION = "dev"


@dataclass(frozen=True)
class BuildOptions:
    """One build's inputs that are not in the checkout.

    `mirror` is the base URL of a Debian mirror; None takes the host's own apt configuration.
    `source_date_epoch` is in seconds since 1970; None takes the time of the checkout's last commit.
    `overlay` is a folder laid over the checkout's and the board's overlays, such as a site's own files.
    `fresh` ignores cached layers, so that the newest packages of the mirror come in; a release always does.
    `release` uses the strongest compression and needs `key` and `cert` (PEM files).
    """

    board: str = DEFAULT_BOARD
    mirror: str | None = None
    version: str | None = None
    release: bool = False
    fresh: bool = False
    key: Path | None = None
    cert: Path | None = None
    overlay: Path | None = None
    source_date_epoch: int | None = None

    @property
    def image_version(self) -> str:
        """The version written into the image and into the names of the results."""
        return self.version or DEVELOPMENT_VERSION


@dataclass(frozen=True)
class BuildResult:
    """Where the results of one build are; every path exists when a build returns."""

    board: str
    version: str
    folder: Path
    image: Path
    bmap: Path
    bundle: Path
    manifest: Path
    raw_image: Path
    seconds: float
