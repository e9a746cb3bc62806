"""The kernel settings of the image."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[3] / "rootfs-overlay/usr/lib/sysctl.d/60-hotspare.conf"


@dataclass(frozen=True)
class Setting:
    key: str
    value: str
    reason: str


def settings() -> list[Setting]:
    """Each with the comment above its group. The first group is about the file."""
    found = []
    for group in FILE.read_text(encoding="utf-8").split("\n\n")[1:]:
        lines = group.splitlines()
        reason = " ".join(line.removeprefix("# ") for line in lines if line.startswith("#"))
        for line in lines:
            if not line.startswith("#"):
                key, equals, value = line.partition(" = ")
                assert equals, line
                found.append(Setting(key, value, reason))
    return found
