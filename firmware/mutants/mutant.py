"""What a mutant is, and where mutants are made."""

from dataclasses import dataclass
from pathlib import Path

from firmware.paths import ROOT

CODE = ROOT / "hadaemon"
PACKAGES = ("cluster", "vrrp", "hotwire")
"""The pure decisions that a pair lives by."""
LISTS = ROOT / "tests" / "unit" / "cluster"
"""The folder of what is known of mutants: those made by hand, and the survivors."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change."""

    file: Path
    """In the package hadaemon."""
    line: int
    change: str
    """In words: what became what, or which rule is broken. No other in the same scope has the same."""
    source: str
    """The whole file, changed."""
    scope: str = ""
    """The qualified name of the function or class that the change is in; empty: the file itself."""
    moot: str = ""
    """Why nobody has to notice it; empty: somebody has to."""
    unseen: str = ""
    """Why the simulated world alone cannot see it; empty: it can."""

    def __str__(self) -> str:
        where = f" in {self.scope}" if self.scope else ""
        return f"hadaemon/{self.file}:{self.line}{where}: {self.change}"
