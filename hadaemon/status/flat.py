"""The mark of a field whose own fields are told in its place."""

from collections.abc import Mapping
from types import MappingProxyType

FLAT: Mapping[str, bool] = MappingProxyType({"flat": True})
"""As `metadata` of a field that is a dataclass: in JSON its fields stand among those of its owner."""
