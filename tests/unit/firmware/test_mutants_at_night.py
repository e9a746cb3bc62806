"""No mutant survives of which it is not known why. Long: the daemon's tests run anew for each."""

import os
from collections.abc import Callable

import pytest

from firmware.mutants.options import MutantOptions
from firmware.mutants.run import run_mutants

SEED = int(os.environ.get("HOTSPARE_SEED", "1"))
SOME = 40
"""Generated ones a night, other ones each time: there are some two thousand."""

pytestmark = pytest.mark.nightly


@pytest.mark.parametrize("tests", ["all", "world"])
def test_every_rule_broken_by_hand_is_noticed(
    tests: str, record_property: Callable[[str, object], None]
) -> None:
    record_property(f"mutants by hand, tests {tests}", run_mutants(MutantOptions(tests=tests, made=True)))


def test_some_small_faults_are_noticed(record_property: Callable[[str, object], None]) -> None:
    record_property(f"mutants by seed {SEED}", run_mutants(MutantOptions(SOME, SEED)))
