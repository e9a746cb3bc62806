"""Who tells of an alarm."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Who tells."""

    node: str
    cluster: str | None

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.node} of {self.cluster}" if self.cluster else self.node
