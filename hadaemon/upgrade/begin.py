"""Whether the upgrade of a pair may begin now, and its plan. Pure."""

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.firmware_report import MAX_VERSION
from hadaemon.upgrade.plan import DIGITS, Plan, under_way
from hadaemon.upgrade.rolling import NodeView


def check_pair(me: NodeView, peer: NodeView | None, peer_knows: bool) -> None:
    """Raises UpgradeError when no upgrade may begin, whatever to. `peer` is None while it is not heard."""
    for node in (me, peer):
        if node is not None and node.plan is not None and under_way(node.plan):
            raise UpgradeError(
                f"an upgrade to {node.plan.target} is under way already: see `hactl firmware status`"
            )
    if peer is None:
        raise UpgradeError("the other node is not heard over the hotwire: see `hactl status`")
    if not peer_knows:
        raise UpgradeError(
            f"the firmware of {peer.name} ({peer.version or 'unknown'}) does not know upgrades of a pair: "
            "update that node by itself first (`hactl firmware install`)"
        )
    if not me.version or not peer.version:
        raise UpgradeError("a node does not know the version of its own firmware")
    if me.version != peer.version:
        raise UpgradeError(
            f"{me.name} runs {me.version} and {peer.name} runs {peer.version}: make them the same first "
            "(`hactl firmware sync`), so that there is one version to go back to"
        )
    for node in (me, peer):
        _check_node(node)
    if me.active == peer.active:
        raise UpgradeError("of the two nodes exactly one must be active: see `hactl status`")
    spare = peer if me.active else me
    if not spare.ready:
        raise UpgradeError(f"{spare.name} is not ready to take over: see `hactl status` there")


def plan_of(me: NodeView, peer: NodeView, target: str, digest: str, back_to: str) -> Plan:
    """The spare one goes first. `check_pair` has passed."""
    if target == me.version:
        raise UpgradeError(f"nothing to do: both nodes run {target}")
    if len(target) > MAX_VERSION:
        raise UpgradeError(f"the version {target} is longer than {MAX_VERSION} characters")
    first, second = (peer, me) if me.active else (me, peer)
    number = 1 + max(node.plan.number if node.plan is not None else 0 for node in (me, peer))
    return Plan(number, first.name, second.name, me.version, target, back_to, digest=digest[:DIGITS])


def _check_node(node: NodeView) -> None:
    if node.on_trial:
        raise UpgradeError(
            f"firmware {node.version} is on trial on {node.name}: wait until it is good "
            "(`hactl firmware status`)"
        )
    if not node.healthy:
        raise UpgradeError(f"{node.name} is not well: see `hactl status` there")
