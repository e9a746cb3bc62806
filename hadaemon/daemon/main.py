"""The command `hadaemon`: options, log, locked memory, and the loop."""

import hadaemon.daemon.without_tls  # noqa: F401, I001 (before all others)

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from socket import SocketType

from hadaemon.daemon.daemon import Daemon
from hadaemon.daemon.guard import Guard
from hadaemon.daemon.loop import BootTimeLoop
from hadaemon.daemon.options import Options
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel.memory import lock_memory, settle_memory
from hadaemon.io.sockets.journal import JournalFormatter

log = logging.getLogger(__name__)


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line as options."""
    parser = argparse.ArgumentParser(prog="hadaemon", description="The HA daemon of a Hotspare node.")
    parser.add_argument(
        "--state", type=Path, default=Path("/data/state"), help="folder of node.toml and cluster.toml"
    )
    parser.add_argument(
        "--run", type=Path, default=Path("/run/hadaemon"), help="folder of the control socket"
    )
    parser.add_argument(
        "--helper",
        type=Path,
        default=Path("/run/hotspare/helper.sock"),
        help="socket of the privileged helper",
    )
    parser.add_argument(
        "--conntrackd",
        type=Path,
        default=Path("/run/hotspare-conntrackd"),
        help="folder of conntrackd's socket",
    )
    parser.add_argument(
        "--services",
        type=Path,
        default=Path("/run/hotspare/services.sock"),
        help="socket of the root helper of services",
    )
    parser.add_argument(
        "--sandbox",
        type=Path,
        default=Path("/run/hotspare/program.sock"),
        help="socket of the sandbox of the administrator's programs",
    )
    parser.add_argument(
        "--leases",
        type=Path,
        default=Path("/var/lib/hotspare-dhcp/leases"),
        help="the DHCP server's list of leases",
    )
    parser.add_argument(
        "--alarms",
        type=Path,
        default=Path("/run/hotspare-alarms/control.sock"),
        help="socket of the program that sends alarms",
    )
    parser.add_argument(
        "--setup-problems",
        type=Path,
        default=Path("/run/hotspare/setup-problems"),
        help="what the setup at boot found wrong",
    )
    parser.add_argument(
        "--applied",
        type=Path,
        default=Path("/run/hotspare/applied"),
        help="there while the node's own network is known to be as the files say",
    )
    return Options(**vars(parser.parse_args(arguments)))


def main(guard: tuple[int, SocketType, int], arguments: Sequence[str] | None = None) -> int:
    """0: was asked to stop; 1: cannot run, the reason is in the log; any other end is a defect.

    `guard`: what `fork_guard` made.
    """
    options = parse(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        lock_memory()
    except HadaemonError as error:
        log.warning("%s: deadlines may be missed when memory is short", error)
    settle_memory()
    try:
        with asyncio.Runner(loop_factory=BootTimeLoop) as runner:
            runner.run(_run(options, Guard(*guard)))
    except HadaemonError as error:
        log.critical("%s", error)
        return 1
    return 0


async def _run(options: Options, guard: Guard) -> None:
    await Daemon(options, guard).run()
