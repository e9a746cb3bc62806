"""What `mutants` is asked for."""

from dataclasses import dataclass

from firmware.mutants.asking import TESTS
from firmware.options import Options, at_least, one_of, option


@dataclass(frozen=True, slots=True)
class MutantOptions(Options):
    """`seed` 0 is another choice each time."""

    count: int = option("how many mutants to try", 50, at_least(1, "nothing would be tried"))
    seed: int = option("which: the same number is the same choice (default: another one each time)", 0)
    tests: str = option(
        "which tests are asked: all, or world for the simulated world alone",
        "all",
        one_of("tests", tuple(TESTS)),
    )
    only: tuple[str, ...] = option(
        "the files to change, by a part of their name, such as cluster/node; may be given several times", ()
    )
    made: bool = option("those that were made by hand, each of which breaks one rule; all of them", False)
