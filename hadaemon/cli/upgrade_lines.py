"""The upgrade of the pair, as `hactl status` and `hactl firmware status` show it. Pure."""

from collections.abc import Iterator

from hadaemon.language.speech import _, marked, told
from hadaemon.status.parts import UpgradeStatus
from hadaemon.upgrade.plan import Verdict
from hadaemon.upgrade.rolling import NodeView

WORDS = (
    *(marked("running"), marked("committed"), marked("aborted"), marked("write"), marked("install")),
    *(marked("restart"), marked("keep"), marked("give-up"), marked("go-back"), marked("hand-over")),
)
"""Values of the code that are shown by `_(value)`."""


def upgrade_lines(upgrade: UpgradeStatus | None) -> Iterator[str]:
    """Nothing where there never was one."""
    if upgrade is None:
        return
    plan = upgrade.plan
    name = _("upgrade {number} from {before} to {target}").format(
        number=plan.number, before=plan.before, target=plan.target
    )
    if plan.closed:
        yield f"{name}: {_(plan.verdict)}: {told(plan.reason)}"
        return
    verdict = _("UNDER WAY") if plan.verdict is Verdict.RUNNING else _(plan.verdict).upper()
    order = _("{first} first, then {second}; preemption is frozen").format(
        first=plan.first, second=plan.second
    )
    yield f"{name}: {verdict}: {order}"
    if plan.reason:
        yield f"  {_('because {why}').format(why=told(plan.reason))}"
    step = f"{_(upgrade.step)}: " if upgrade.step else ""
    progress = f" ({upgrade.progress})" if upgrade.progress else ""
    yield f"  {_('here')}: {step}{told(upgrade.waits)}{progress}"
    yield f"  {_('other node')}: {_peer(upgrade.peer)}"


def _peer(peer: NodeView | None) -> str:
    if peer is None:
        return _("not heard")
    words = [_("runs {version}").format(version=peer.version)]
    words += [_("on trial")] if peer.on_trial else []
    words += [_("sick") if peer.sick else _("well") if peer.healthy else _("not well yet")]
    words += [_("active")] if peer.active else [_("ready to take over")] if peer.ready else []
    return ", ".join(words)
