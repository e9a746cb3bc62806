"""The upgrade of the pair, as `hactl status` and `hactl firmware status` show it. Pure."""

from collections.abc import Iterator
from typing import Any


def upgrade_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Nothing where there never was one."""
    upgrade = answer.get("upgrade")
    if not upgrade:
        return
    name = f"upgrade {upgrade['number']} from {upgrade['before']} to {upgrade['target']}"
    if upgrade["closed"]:
        yield f"{name}: {upgrade['verdict']}: {upgrade['reason']}"
        return
    verdict = "UNDER WAY" if upgrade["verdict"] == "running" else upgrade["verdict"].upper()
    yield f"{name}: {verdict}: {upgrade['first']} first, then {upgrade['second']}; preemption is frozen"
    if upgrade["reason"]:
        yield f"  because {upgrade['reason']}"
    step = f"{upgrade['step']}: " if upgrade["step"] else ""
    progress = f" ({upgrade['progress']})" if upgrade["progress"] else ""
    yield f"  here: {step}{upgrade['waits']}{progress}"
    yield f"  other node: {_peer(upgrade['peer'])}"


def _peer(peer: dict[str, Any] | None) -> str:
    if peer is None:
        return "not heard"
    words = [f"runs {peer['version']}"]
    words += ["on trial"] if peer["on_trial"] else []
    words += ["sick" if peer["sick"] else "well" if peer["healthy"] else "not well yet"]
    words += ["active"] if peer["active"] else ["ready to take over"] if peer["ready"] else []
    return ", ".join(words)
