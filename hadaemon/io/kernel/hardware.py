"""What box this is, by its firmware's own words (DMI)."""

from pathlib import Path
from typing import Final

_DMI: Final = Path("/sys/class/dmi/id")
_SIZE: Final = 64
"""Characters: makers write whole sentences."""


def model() -> str:
    """Maker and product; empty where there is no DMI, as on most boards that are not PCs."""
    return " ".join(found for name in ("sys_vendor", "product_name") if (found := _read(name)))[:_SIZE]


def _read(name: str) -> str:
    try:
        text = (_DMI / name).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
