"""What a node does next for the upgrade of its pair. Pure; level-triggered: power lost anywhere, it goes on.

Gated on health, never on a timer. What holds, whatever fails:
- a node is restarted only while the other one is active and healthy;
- a node hands over only to one that is healthy and has the connections;
- both end on one version: the new one when both have kept it, else the one before.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.plan import Plan, Verdict, adopt


class UpgradeStep(StrEnum):
    """One thing to do; the same one is due again until the node's state shows that it is done."""

    WRITE = "write"
    """The plan, as `Next.plan` has it, to the disk."""
    INSTALL = "install"
    """The new version into the other slot; verified, and next to be started."""
    RESTART = "restart"
    KEEP = "keep"
    """What is on trial is marked good."""
    GIVE_UP = "give-up"
    """What is on trial is marked bad; restart into the slot before."""
    GO_BACK = "go-back"
    """The other slot, which holds the version before, is next to be started."""
    CALL_OFF = "call-off"
    """The running slot is next to be started."""
    HAND_OVER = "hand-over"
    """The other node becomes active, make before break."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as it is now: by its own knowledge, or by its last words to the other one."""

    name: str
    version: str
    """That runs."""
    on_trial: bool = False
    next_version: str = ""
    """That the next start takes: verified, if it is the new one."""
    healthy: bool = False
    sick: bool = False
    """It has not been healthy for as long as a trial may take. A node that has just started is neither."""
    active: bool = False
    ready: bool = False
    """It has every connection of the active one (parity), and could take over."""
    soaked: bool = False
    """It has been active and healthy without a break for as long as a soak takes."""
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What is due, and why: for the status and the history."""

    step: UpgradeStep | None
    reason: str
    plan: Plan | None = None


def next_step(me: NodeView, peer: NodeView | None) -> Next:
    """`peer` is None while the other node is not heard."""
    learned = adopt(me.plan, peer.plan if peer is not None else None, me.name)
    if learned is not None and _concerns(me, learned):
        return Next(UpgradeStep.WRITE, "the other node's plan", learned)
    plan = me.plan
    if plan is None:
        return Next(None, "no upgrade")
    if me.name not in (plan.first, plan.second):
        return Next(None, f"the plan is one of {plan.first} and {plan.second}")
    if plan.closed:
        return Next(None, f"{plan.verdict}: {plan.reason}")
    if plan.verdict is Verdict.RUNNING:
        return _first(me, peer, plan) if me.name == plan.first else _second(me, peer, plan)
    return _end(me, peer, plan)


def call_off(me: NodeView) -> Plan:
    """The plan as an administrator gives it up. Raises UpgradeError."""
    plan = me.plan
    if plan is None or plan.verdict is not Verdict.RUNNING:
        raise UpgradeError("no upgrade is under way")
    if me.name != plan.second:
        raise UpgradeError(f"the upgrade is called off on {plan.second}, which decides over it")
    return replace(plan, verdict=Verdict.ABORTED, reason="called off by an administrator")


def _concerns(me: NodeView, plan: Plan) -> bool:
    """A box that has taken a failed one's place, and runs something else, has no part in an old plan."""
    return (me.plan is not None and me.plan.number == plan.number) or me.version in (plan.before, plan.target)


def _settled(me: NodeView, peer: NodeView | None, plan: Plan) -> bool:
    """Nothing is left to do on either node."""
    if peer is None or peer.plan is None:
        return False
    at_end = all(node.version == node.next_version == plan.final and not node.on_trial for node in (me, peer))
    return at_end and peer.plan.number == plan.number and peer.plan.verdict is plan.verdict


def _first(me: NodeView, peer: NodeView | None, plan: Plan) -> Next:
    if plan.failed:
        return Next(None, f"this node could not be upgraded ({plan.failed}): the other one decides")
    return _toward(plan.target, me, peer, plan) or Next(None, "the other node is next")


def _second(me: NodeView, peer: NodeView | None, plan: Plan) -> Next:
    """Upgraded last, and the one to decide."""
    if plan.failed:
        return _decide(plan, Verdict.ABORTED, f"{me.name}: {plan.failed}")
    if me.version == plan.target:
        if not me.on_trial:
            return _decide(plan, Verdict.COMMITTED, f"both nodes run {plan.target}")
        return _toward(plan.target, me, peer, plan) or Next(None, "")
    if peer is None or peer.plan is None or peer.plan.number != plan.number:
        return Next(None, f"waits for {plan.first}")
    if peer.plan.failed:
        return _decide(plan, Verdict.ABORTED, f"{plan.first}: {peer.plan.failed}")
    has_kept = peer.version == plan.target and not peer.on_trial
    if not has_kept and not plan.first_kept:
        return Next(None, f"waits until {plan.first} has kept {plan.target}")
    if not has_kept or peer.sick:
        return _decide(plan, Verdict.ABORTED, f"{plan.first} did not stay well with {plan.target}")
    if not plan.first_kept:
        return Next(UpgradeStep.WRITE, f"{plan.first} has kept it", replace(plan, first_kept=True))
    if not me.active and not peer.soaked:
        return Next(None, f"waits until {plan.first} has been active and well for long enough")
    return _toward(plan.target, me, peer, plan) or Next(None, "")


def _end(me: NodeView, peer: NodeView | None, plan: Plan) -> Next:
    """The verdict is known: to its version, and then to who is to be active."""
    if plan.verdict is Verdict.COMMITTED and plan.failed:
        return Next(None, f"this node could not be upgraded ({plan.failed})")
    due = _toward(plan.final, me, peer, plan)
    if due is not None:
        return due
    if plan.back_to not in ("", me.name) and me.active:
        if peer is not None and _takes_over(peer, plan):
            return Next(UpgradeStep.HAND_OVER, f"{plan.back_to} is preferred")
        return Next(None, f"waits until {plan.back_to}, which is preferred, can take over")
    if _settled(me, peer, plan):
        return Next(UpgradeStep.WRITE, "nothing is left to do", replace(plan, closed=True))
    return Next(None, f"{plan.verdict}: {plan.reason}")


def _decide(plan: Plan, verdict: Verdict, reason: str) -> Next:
    return Next(UpgradeStep.WRITE, reason, replace(plan, verdict=verdict, reason=reason))


def _toward(wanted: str, me: NodeView, peer: NodeView | None, plan: Plan) -> Next | None:
    """The next step of this node to a version; None: it is there."""
    if me.version == wanted:
        if me.on_trial:
            return _judge(me)
        return Next(UpgradeStep.CALL_OFF, "the upgrade is off") if me.next_version != wanted else None
    if me.on_trial and me.sick:
        return _judge(me)
    if me.active:
        if peer is not None and _takes_over(peer, plan):
            return Next(UpgradeStep.HAND_OVER, f"this node is about to restart into {wanted}")
        return Next(None, "waits until the other node can take over")
    if peer is None or not (peer.active and peer.healthy):
        return Next(None, "waits until the other node is active and well")
    if me.next_version == wanted:
        return Next(UpgradeStep.RESTART, f"into {wanted}")
    if wanted == plan.before:
        return Next(UpgradeStep.GO_BACK, plan.reason)
    return Next(UpgradeStep.INSTALL, f"{wanted} into the other slot")


def _judge(me: NodeView) -> Next:
    if me.sick:
        return Next(UpgradeStep.GIVE_UP, f"{me.version} is not well")
    return (
        Next(UpgradeStep.KEEP, "it is well")
        if me.healthy
        else Next(None, f"waits until {me.version} is well")
    )


def _takes_over(peer: NodeView, plan: Plan) -> bool:
    """While the verdict is open, it is one node's turn; afterwards only one that is at its end takes over."""
    at_end = plan.verdict is Verdict.RUNNING or (peer.version == plan.final and not peer.on_trial)
    return peer.healthy and peer.ready and at_end
