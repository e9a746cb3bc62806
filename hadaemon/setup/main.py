"""The setup: at boot preseed, if the node has no configuration yet, then the system's files; later changes.

Nothing here may keep a node from booting: whatever goes wrong is shown on the console, and the boot goes on.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from hadaemon.config import ConfigError, load_preseed
from hadaemon.errors import HadaemonError
from hadaemon.io.programs.nft import NftMissing
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import read_text
from hadaemon.setup.apply import (
    apply_admin,
    apply_node,
    open_sync_account,
    put,
    remember_name,
    tell,
    write_issue,
)
from hadaemon.setup.clock import apply_clock
from hadaemon.setup.effect import Effect, Run, leave_the_rest
from hadaemon.setup.forget import forget_the_rest
from hadaemon.setup.good import keep_good
from hadaemon.setup.medium import PRESEED, Medium, mounted, wait_for_device
from hadaemon.setup.places import Owners, Places, system_owners
from hadaemon.setup.render import LABEL
from hadaemon.setup.state import make_state_folder, store_preseed
from hadaemon.state.configuration import Configuration, load_configuration
from hadaemon.state.firewall_check import rule_problems
from hadaemon.state.places import NODE_FILE
from hadaemon.state.release import running_release


def main() -> int:
    """0: the node is set up, or waits for its preseed; 1: something is wrong, the console says what.

    `issue` as the only argument: it writes nothing but the text above the login prompt. `apply`: it makes the
    system follow what the files say of the base network.
    `check FILE`: it does nothing, and returns whether a node would take that preseed.
    """
    places = Places()
    if sys.argv[1:2] == ["check"]:
        return check_preseed(Path(sys.argv[2]))
    if sys.argv[1:] == ["issue"]:
        return refresh_issue(places)
    owners = system_owners()
    problems = apply(places, owners) if sys.argv[1:] == ["apply"] else set_up(places, owners)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def apply(places: Places, owners: Owners) -> tuple[str, ...]:
    """Returns what could not be done."""
    places.applied.unlink(missing_ok=True)
    problems = Effect(places).take(load_configuration(places.state), owners)
    if not problems:
        put(places.applied, "")
    return problems


def check_preseed(path: Path) -> int:
    """1: a node would refuse it, and the reasons are printed."""
    try:
        load_preseed(read_text(path) or "", path.name)
    except HadaemonError as error:
        print(error)
        return 1
    return 0


def refresh_issue(places: Places) -> int:
    """What the login prompt shows has changed: maintenance began or ended. 1: it cannot be written."""
    try:
        problems = tuple((read_text(places.setup_problems) or "").splitlines())
        configuration = load_configuration(places.state)
        write_issue(configuration, problems, running_release().version, places)
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def set_up(
    places: Places,
    owners: Owners,
    take: Callable[[Places, Owners], None] | None = None,
    run: Run = run_program,
) -> tuple[str, ...]:
    """Everything that happens at boot; returns what is wrong. `take` takes a preseed, `run` runs programs."""
    problems = _data_problems(places)
    if not problems:  # Without the data partition a preseed would be used up in vain.
        problems = _preseed_problems(places, owners, take or take_from_medium)
    configuration = load_configuration(places.state)
    problems += configuration.problems + apply_admin(places, owners)
    if configuration.node is not None:
        problems += _rule_problems(configuration)
        try:
            apply_node(configuration.node, configuration.cluster, places)
            problems += apply_clock(configuration.node, places)
            open_sync_account(places)
            remember_name(configuration.node.name, places)
            keep_good(configuration, places, owners)
        except (HadaemonError, OSError) as error:
            problems += (str(error),)
    problems += leave_the_rest(configuration, places, run)
    tell(configuration, problems, running_release().version, places)
    return problems


def take_from_medium(places: Places, owners: Owners) -> None:
    """Waits for the medium, takes its preseed, and retires it. No medium: nothing happens."""
    device = wait_for_device(places.medium, LABEL)
    if device is None:
        return
    with mounted(device, places.run / "preseed") as medium:
        take_preseed(medium, places, owners)


def take_preseed(medium: Medium, places: Places, owners: Owners) -> None:
    """Takes a preseed; validates everything before it writes anything."""
    preseed = load_preseed(medium.read(), PRESEED)
    store_preseed(preseed, places, owners)
    try:
        medium.retire(preseed)
    except (HadaemonError, OSError) as error:
        # It is not read again anyway: the node is configured now.
        print(f"the preseed stays on its medium, which cannot be written: {error}", file=sys.stderr)


def _preseed_problems(
    places: Places, owners: Owners, take: Callable[[Places, Owners], None]
) -> tuple[str, ...]:
    try:
        make_state_folder(places, owners)
        forget_the_rest(places)
        if read_text(places.state / NODE_FILE) is None:
            take(places, owners)
    except ConfigError as error:
        return tuple(map(str, error.mistakes))
    except (HadaemonError, OSError) as error:
        return (str(error),)
    return ()


def _rule_problems(configuration: Configuration) -> tuple[str, ...]:
    """Rules that the daemon will not load: the console must say why nothing passes."""
    if configuration.node is None:
        return ()
    try:
        return rule_problems(configuration.node, configuration.cluster, configuration.snippets)
    except NftMissing:
        return ()  # The daemon will say so.


def _data_problems(places: Places) -> tuple[str, ...]:
    try:
        reason = read_text(places.data_error)
    except HadaemonError as error:
        reason = str(error)
    return (f"the data partition cannot be used: {' '.join(reason.split())}",) if reason else ()
