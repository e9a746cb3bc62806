"""What a configured box is just now, for the menu's first screen."""

import os

from hadaemon.commands.table import known_commands
from hadaemon.errors import HadaemonError
from hadaemon.menu.later import Standing
from hadaemon.operations.asking import ask_status
from hadaemon.operations.install import InstallPlaces, can_install
from hadaemon.setup.good import better
from hadaemon.setup.places import Places
from hadaemon.state.configuration import Configuration, load_configuration
from hadaemon.status.states import Condition

_PATIENCE = 2.0
"""Seconds for the daemon's answer: a person waits."""


def standing_of(places: Places) -> tuple[Standing, Configuration]:
    """Read anew for each screen: another console, or the peer, may have changed it."""
    configuration = load_configuration(places.state)
    refused = configuration.condition is Condition.REFUSED
    node, cluster = configuration.node, configuration.cluster
    standing = Standing(
        node.name if node is not None else os.uname().nodename,
        configuration.condition,
        configuration.problems if refused else (),
        bool(refused and better(places)),
        tuple(interface.port for interface in cluster.ha_interfaces) if cluster is not None else (),
        known_commands(),
        can_install(InstallPlaces()),
        _verdict(places),
    )
    return standing, configuration


def _verdict(places: Places) -> str:
    try:
        verdict = ask_status(places.control, _PATIENCE).node.verdict
    except HadaemonError:
        return ""
    return str(verdict) if verdict is not None else ""
