"""`hactl support`: what somebody elsewhere needs to see of this node, in one file, without a secret in it."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.config_changes import STATE, told
from hadaemon.cli.failure import CommandFailed, Exit

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "write a file for whoever helps: status, logs, rules, configuration, all without secrets"


def add_support(commands: "Commands") -> None:
    """Adds the command."""
    support = commands.add_parser("support", help=_SUMMARY, description=_SUMMARY)
    support.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="a .tar.gz that is not there yet (default: support-NODE-TIME.tar.gz)",
    )
    support.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    support.set_defaults(run=told(_support))


def _support(options: argparse.Namespace) -> None:
    from hadaemon.operations.support import all_parts, secrets_below, write_bundle

    if os.geteuid() != 0:
        raise CommandFailed(
            Exit.NO_PERMISSION, "be root (`sudo hactl support`): else half of it would be lacking"
        )
    file = options.file or Path(f"support-{os.uname().nodename}-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")
    if file.exists():
        raise CommandFailed(Exit.REFUSED, f"{file}: is there already: name another file")
    print("this takes up to two minutes", flush=True)
    scrub = secrets_below(options.state)
    lacking = write_bundle(file, tuple(all_parts(options.state, options.socket)), scrub, _caller())
    print(f"{file}: written, {file.stat().st_size // 1024 + 1} KiB, readable for you alone")
    for reason in lacking:
        print(f"note: it lacks {reason}")


def _caller() -> tuple[int, int]:
    """Who has called sudo, so that he can fetch the file."""
    try:
        return int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        return os.geteuid(), os.getegid()
