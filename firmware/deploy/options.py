"""What `python3 invoke.py deploy` takes."""

from dataclasses import dataclass

from firmware.options import Check, Options, option

MIN_SECONDS, MAX_SECONDS = 30, 3600


@dataclass(frozen=True, slots=True)
class DeployOptions(Options):
    """Which pairs, and how their nodes are reached."""

    folder: tuple[str, ...] = option("the folder of a pair, as `check` takes it; --folder may be left out")
    yes: bool = option("do not ask", False)
    check: bool = option("show what would change, and change nothing", False)
    confirm: int = option(
        "seconds after which a pair goes back by itself, unless all went well",
        300,
        check=Check(
            lambda value: MIN_SECONDS <= value <= MAX_SECONDS,
            "{} seconds are not possible",
            f"give {MIN_SECONDS} to {MAX_SECONDS}",
        ),
    )
    at: tuple[str, ...] = option(
        "where a node is, e.g. alpha=admin@192.0.2.7 or alpha=host:2222; else at its own address", ()
    )
    user: str = option("who logs in", "admin")
    ssh_config: str = option("a file of ssh's settings in place of your own", "")
