"""What `provision` is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.lab.line import BAUD
from firmware.options import Check, Options, at_least, option

WAIT_SECONDS = 300.0
"""A box that was just switched on takes a minute or two to its menu."""


def _each_once(ports: Sequence[str]) -> bool:
    return len(set(ports)) == len(ports)


@dataclass(frozen=True, slots=True)
class ProvisionOptions(Options):
    """Without `ports` those that the file names; without a `protocol` a new file in the present folder."""

    answers: Path = option("the file with the answers for each box, e.g. site.toml")
    port: tuple[str, ...] = option(
        "a serial port, e.g. /dev/ttyUSB0; again for more of them (default: those of the file)",
        (),
        Check(_each_once, "a port is named twice", "name each once"),
    )
    baud: int = option("speed of the ports", BAUD, at_least(1, "a port has no speed {}"))
    protocol: Path | None = option("file for what was sent and received (default provision-<time>.log)", None)
    wait: float = option(
        "seconds that a box may take to show its menu",
        WAIT_SECONDS,
        Check(lambda seconds: seconds > 0, "a box cannot wait {} seconds", "give a number above 0"),
    )
