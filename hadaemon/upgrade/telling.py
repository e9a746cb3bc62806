"""What the log and the history tell of an upgrade."""

from hadaemon.upgrade.plan import Plan


def title(plan: Plan) -> str:
    """How the log and the history name it."""
    return f"firmware upgrade {plan.number} to {plan.target}"


def changes(before: Plan | None, plan: Plan) -> list[str]:
    """What is new in a plan, for the history."""
    if before is None or before.number != plan.number:
        return [f"begins: {plan.first} first, then {plan.second}; {plan.before} runs on both"]
    found = []
    if plan.failed and not before.failed:
        found.append(f"this node could not be upgraded: {plan.failed}")
    if plan.first_kept and not before.first_kept:
        found.append(f"{plan.first} has kept it")
    if plan.verdict is not before.verdict:
        found.append(f"{plan.verdict}: {plan.reason}")
    if plan.closed:
        found.append(f"is over, {plan.verdict}: both nodes are on {plan.final}")
    return found
