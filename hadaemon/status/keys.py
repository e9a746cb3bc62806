"""What a node tells the other one of the keys that protect the hotwire."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """All three are empty where nothing is encrypted. None of them is secret."""

    key_offer: str = ""
    """Random: its half of what the present keys are made of, hexadecimal."""
    key_ready: str = ""
    """The name of the keys that it takes."""
    key_uses: str = ""
    """The name of the keys that it sends with."""
