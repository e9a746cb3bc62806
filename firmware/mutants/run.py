"""Tries mutants, one after the other, and tells which survive."""

import random
import tempfile
import time
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.mutants.asking import Jury
from firmware.mutants.generated import all_mutants
from firmware.mutants.known import SURVIVORS, known_survivors
from firmware.mutants.made import made_mutants
from firmware.mutants.mutant import PACKAGES, Mutant
from firmware.mutants.options import MutantOptions


def run_mutants(options: MutantOptions) -> str:
    """Try so many mutants, chosen by the seed, and print those that survive; answers with how many do.

    Of those that were made by hand, all that the tests can see.

    Raises:
        FirmwareError: one survives that is not known, or the tests fail without any change.
    """
    seed = options.seed or random.SystemRandom().randrange(1, 10**6)
    chosen = _made(options.tests) if options.made else _sample(options, seed)
    with (
        tempfile.TemporaryDirectory(prefix="hotspare-mutants-") as folder,
        Jury(options.tests, Path(folder)) as jury,
    ):
        survivors = _survivors(chosen, jury)
    return report(survivors, len(chosen))


def _survivors(chosen: list[Mutant], jury: Jury) -> list[Mutant]:
    survivors: list[Mutant] = []
    for number, mutant in enumerate(chosen, start=1):
        began = time.monotonic()
        survives = jury.lets_live(mutant)
        survivors += [mutant] if survives else []
        word = "SURVIVES" if survives else "killed"
        print(f"{number:4} {word:9} {time.monotonic() - began:5.0f} s  {mutant}", flush=True)
    return survivors


def report(survivors: list[Mutant], tried: int) -> str:
    """Prints what became of them. Raises FirmwareError: one of the survivors is not known."""
    reasons = {mutant: _reason(mutant) for mutant in survivors}
    unknown = [mutant for mutant, reason in reasons.items() if not reason]
    summary = f"{len(survivors)} of {tried} survive; {len(survivors) - len(unknown)} of them are known"
    print(summary)
    for mutant, reason in reasons.items():
        print(f"  {mutant}", *([f"    known: {reason}"] if reason else []), sep="\n", flush=True)
    if unknown:
        raise FirmwareError(
            summary,
            where="\n         ".join(map(str, unknown)),
            todo=f"write a test that notices it, or say in {SURVIVORS.name} why none has to",
        )
    return summary


def _reason(mutant: Mutant) -> str:
    """Why no test has to notice it; empty: one has to."""
    return mutant.moot or next((one.reason for one in known_survivors() if one.is_of(mutant)), "")


def _sample(options: MutantOptions, seed: int) -> list[Mutant]:
    """One file after the other: the tests that killed the last ones are asked first."""
    known = [mutant for mutant in all_mutants() if not mutant.moot]
    for part in options.only:
        if not any(part in str(mutant.file) for mutant in known):
            todo = "see the files of hadaemon/cluster, hadaemon/vrrp and hadaemon/hotwire"
            raise FirmwareError("no file has that in its name", f"--only {part}", todo)
    everything = [mutant for mutant in known if _is_meant(mutant, options.only)]
    dice = random.Random(seed)  # noqa: S311 (the same seed must make the same choice)
    chosen = sorted(dice.sample(range(len(everything)), min(options.count, len(everything))))
    packages = ", ".join(PACKAGES)
    print(f"{len(everything)} mutants of {packages}; {len(chosen)} of them, by seed {seed}", flush=True)
    return [everything[place] for place in chosen]


def _is_meant(mutant: Mutant, parts: tuple[str, ...]) -> bool:
    return not parts or any(part in str(mutant.file) for part in parts)


def _made(tests: str) -> list[Mutant]:
    everything = list(made_mutants())
    chosen = [mutant for mutant in everything if tests != "world" or not mutant.unseen]
    print(f"{len(everything)} mutants made by hand; {len(chosen)} of them can be seen", flush=True)
    return chosen
