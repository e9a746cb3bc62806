"""The world of the upgrade: sessions, heartbeats, the root helper, and files."""

from collections.abc import Callable
from pathlib import Path

from hadaemon.cluster import NodeState, SwitchRequested, UpgradeReported
from hadaemon.control.errors import RequestRefused
from hadaemon.daemon.administration import Administration
from hadaemon.daemon.health.health import Health
from hadaemon.daemon.today import Today
from hadaemon.daemon.upgrade.seen import Here
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.io.store.files import read_text
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.io.store.trial_file import read_trial
from hadaemon.state.places import own_folder
from hadaemon.state.release import Release, boot_id
from hadaemon.status.peer import Peer
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.firmware_report import node_of
from hadaemon.upgrade.offer import WORK_LOG, Pulled, pulled
from hadaemon.upgrade.plan import Plan
from hadaemon.upgrade.rolling import NodeView
from hadaemon.upgrade.trial import Outlook, outlook


class UpgradeWorld:
    """As a `World`."""

    def __init__(
        self,
        state: Path,
        helper: Path,
        release: Release,
        today: Today,
        health: Health,
        administration: Administration,
        note: Callable[[str], None],
    ) -> None:
        self.note = note
        self._state = state
        self._helper = helper
        self._release = release
        self._today = today
        self._health = health
        self._administration = administration
        file = PlanFile(own_folder(state))
        self.load: Callable[[], Plan | None] = file.load
        self.store: Callable[[Plan], None] = file.store
        self.demand = UpgradeReported()
        """What the upgrade asks of a session, also of one that begins later."""

    def here(self) -> Here:
        """This node."""
        session = self._today.session
        if session is None:
            return Here("", active=False, ready=False, unwell="it takes no part in a cluster", preferred="")
        own, report = session.as_peer(), session.hotwire.peer_report
        peer = report.peer if report is not None else None
        unwell = next((f"{check}: {why}" for check, why in self._health.failing().items()), "") or _unwell(
            own, peer
        )
        preferred = ""
        if session.cluster_config.vrrp.preempt:
            preferred = own.name if own.preferred else peer.name if peer is not None else ""
        return Here(own.name, _is_active(own), _is_ready(own), unwell, preferred)

    def peer(self) -> tuple[NodeView, bool] | None:
        """The other node by its last words."""
        session = self._today.session
        report = session.hotwire.peer_report if session is not None else None
        if report is None:
            return None
        peer, words = report.peer, report.vitals.upgrade
        node = node_of(peer.name, report.vitals.firmware, words, _is_active(peer), _is_ready(peer))
        return node, words.known

    def tell(self, frozen: bool, restarting: str) -> None:
        """The session at work, and those to come."""
        self.demand = UpgradeReported(frozen, restarting)
        session = self._today.session
        if session is not None:
            session.report_upgrade(self.demand)

    async def switch(self) -> None:
        """As an administrator would ask for it."""
        try:
            await self._administration.carry_out(SwitchRequested())
        except RequestRefused as error:
            raise UpgradeError(f"the other node did not become active: {error}") from error

    async def ask(self, verb: str) -> str:
        """The root helper."""
        return await ask_helper(self._helper, verb)

    def trial(self) -> tuple[Outlook, str]:
        """By the file that the installation wrote."""
        found = read_trial(self._state)
        return outlook(found, self._release.slot, boot_id()), found.version if found is not None else ""

    def said(self) -> Pulled:
        """By the unit that installs."""
        try:
            return pulled(read_text(self._helper.parent / WORK_LOG) or "")
        except HadaemonError as error:
            raise UpgradeError(f"what the installation says cannot be read: {error}") from error


def _is_active(peer: Peer) -> bool:
    return peer.state is NodeState.ACTIVE and not peer.releasing


def _is_ready(peer: Peer) -> bool:
    """It could take over now, with every connection."""
    return peer.state is NodeState.BACKUP and not peer.unready and not peer.suspended


def _unwell(own: Peer, other: Peer | None) -> str:
    """A node that is worse off than the other one would not keep what it is handed."""
    if own.state not in (NodeState.ACTIVE, NodeState.BACKUP):
        return f"it is in state {own.state}"
    if other is not None and (own.links_down, own.failed_groups) > (other.links_down, other.failed_groups):
        return "it has lost more links, or more ping groups and checks fail, than on the other node"
    return ""
