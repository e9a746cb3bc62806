"""What a firmware must show to be kept: which checks the node does not pass now, and whether it is well."""

from collections.abc import Mapping
from typing import TypeAlias

from hadaemon.daemon.services.firewall import Firewall
from hadaemon.daemon.session import Session
from hadaemon.daemon.today import Today
from hadaemon.state.configuration import Configuration
from hadaemon.status.hotwire import HotwireState
from hadaemon.status.states import Condition
from hadaemon.upgrade.trial import Check

Failing: TypeAlias = Mapping[Check, str]
"""The checks that the node does not pass, and why."""


class Health:
    """Of the node, now."""

    def __init__(self, today: Today, firewall: Firewall) -> None:
        self._today = today
        self._firewall = firewall

    def failing(self) -> Failing:
        """Empty: all is well."""
        return failing(self._today.configuration, self._today.session, self._firewall.faults)

    @property
    def good(self) -> bool:
        """It understands its configuration and has its ports. What is done to a firmware that is kept takes
        seconds of a slow processor: the other node's connections come first."""
        session = self._today.session
        if session is None:
            return self._today.configuration.condition is not Condition.REFUSED
        return session.ports.complete and not session.is_catching_up


def failing(
    configuration: Configuration, session: Session | None, rules: tuple[str, ...]
) -> dict[Check, str]:
    """The checks that the node does not pass now, and why. `rules`: what nftables refused."""
    found: dict[Check, str] = {}
    if configuration.condition is Condition.REFUSED:
        # Rules that nftables refused make it a refused configuration too: then they alone are the reason.
        own = [problem for problem in configuration.problems if problem not in rules]
        if own or not rules:
            found[Check.CONFIGURATION] = own[0] if own else "refused"
    if rules:
        found[Check.RULES] = rules[0]
    if session is None:
        return found
    hotwire = session.hotwire.state
    if hotwire is not None and hotwire is not HotwireState.UP:
        found[Check.HOTWIRE] = f"the hotwire is {hotwire}"
    if session.ports.failures:
        found[Check.VRRP] = next(f"port {name}: {why}" for name, why in session.ports.failures.items())
    elif not session.ports.complete:
        found[Check.VRRP] = "a port of the cluster is missing"
    return found
