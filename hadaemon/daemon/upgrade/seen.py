"""What the upgrade sees and moves. The daemon has the real world, tests have a simulated pair."""

from dataclasses import dataclass
from typing import Protocol

from hadaemon.upgrade.offer import Pulled
from hadaemon.upgrade.plan import Plan
from hadaemon.upgrade.rolling import NodeView
from hadaemon.upgrade.trial import Outlook


@dataclass(frozen=True, slots=True)
class Here:
    """This node, as its session knows it now."""

    name: str
    active: bool
    ready: bool
    unwell: str
    """Why it does not count as well; empty: it does."""
    preferred: str
    """Who is to be active in the end (preemption); empty: whoever is."""


class World(Protocol):
    """What the upgrade sees and moves."""

    def here(self) -> Here:
        """This node."""

    def peer(self) -> tuple[NodeView, bool] | None:
        """The other node by its last words, and whether its firmware knows upgrades; None: not heard."""

    def tell(self, frozen: bool, restarting: str) -> None:
        """Freezes preemption, and keeps the node out while it is about to restart."""

    async def switch(self) -> None:
        """The other node becomes active, make before break. Raises HadaemonError."""

    async def ask(self, verb: str) -> str:
        """Has the root helper do it. Raises HelperError."""

    def trial(self) -> tuple[Outlook, str]:
        """Where a trial stands, and of which version. Blocking; raises HadaemonError."""

    def said(self) -> Pulled:
        """By the installation. Blocking; raises HadaemonError."""

    def note(self, what: str) -> None:
        """For the history."""

    def load(self) -> Plan | None:
        """From the disk. Raises FileError."""

    def store(self, plan: Plan) -> None:
        """To the disk, durably. Blocking; raises FileError."""
