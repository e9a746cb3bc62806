"""The upgrade of the pair, as `hactl status` and `hactl firmware status` show it. Pure."""

from collections.abc import Iterator

from hadaemon.status.parts import UpgradeStatus
from hadaemon.upgrade.plan import Verdict
from hadaemon.upgrade.rolling import NodeView


def upgrade_lines(upgrade: UpgradeStatus | None) -> Iterator[str]:
    """Nothing where there never was one."""
    if upgrade is None:
        return
    plan = upgrade.plan
    name = f"upgrade {plan.number} from {plan.before} to {plan.target}"
    if plan.closed:
        yield f"{name}: {plan.verdict}: {plan.reason}"
        return
    verdict = "UNDER WAY" if plan.verdict is Verdict.RUNNING else plan.verdict.upper()
    yield f"{name}: {verdict}: {plan.first} first, then {plan.second}; preemption is frozen"
    if plan.reason:
        yield f"  because {plan.reason}"
    step = f"{upgrade.step}: " if upgrade.step else ""
    progress = f" ({upgrade.progress})" if upgrade.progress else ""
    yield f"  here: {step}{upgrade.waits}{progress}"
    yield f"  other node: {_peer(upgrade.peer)}"


def _peer(peer: NodeView | None) -> str:
    if peer is None:
        return "not heard"
    words = [f"runs {peer.version}"]
    words += ["on trial"] if peer.on_trial else []
    words += ["sick" if peer.sick else "well" if peer.healthy else "not well yet"]
    words += ["active"] if peer.active else ["ready to take over"] if peer.ready else []
    return ", ".join(words)
