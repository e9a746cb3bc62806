"""What a configured box is just now, for the menu's first screen."""

import os

from hadaemon.commands.table import known_commands
from hadaemon.errors import HadaemonError
from hadaemon.language.verdict import verdict_line
from hadaemon.menu.later import Standing
from hadaemon.operations.asking import ask_status
from hadaemon.operations.examples import EXAMPLES, examples
from hadaemon.operations.install import InstallPlaces, can_install
from hadaemon.setup.good import better
from hadaemon.setup.places import Places
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

_PATIENCE = 2.0
"""Seconds for the daemon's answer: a person waits."""


def standing_of(places: Places, configuration: Configuration) -> Standing:
    """Asked anew for each screen: another console, or the peer, may have changed it."""
    refused = configuration.condition is Condition.REFUSED
    node, cluster = configuration.node, configuration.cluster
    return Standing(
        node.name if node is not None else os.uname().nodename,
        configuration.condition,
        configuration.problems if refused else (),
        bool(refused and better(places)),
        tuple(interface.port for interface in cluster.ha_interfaces) if cluster is not None else (),
        known_commands(),
        can_install(InstallPlaces()),
        _verdict(places),
        _examples(),
    )


def _examples() -> tuple[tuple[str, str], ...]:
    try:
        return tuple((each.name, each.about) for each in examples(EXAMPLES))
    except HadaemonError:
        return ()


def _verdict(places: Places) -> str:
    try:
        verdict = ask_status(places.control, _PATIENCE).node.verdict
    except HadaemonError:
        return ""
    return verdict_line(verdict) if verdict is not None else ""
