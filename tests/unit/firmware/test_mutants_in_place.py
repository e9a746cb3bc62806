"""A mutant's code in a module that is imported already."""

from pathlib import Path
from types import ModuleType

import pytest

from firmware.mutants.calls import CALLED, name_of, telling
from firmware.mutants.in_place import changed_functions, put_in_place

TEXT = '''
import functools

LIMIT = 3


def late(now, due=LIMIT):
    """Text stays."""
    return any(now > each for each in (due,))


@functools.cache
def kept(now):
    return now + 1


class Clock:
    ticks = 2

    def __init__(self):
        super().__init__()
        self.now = 1

    @property
    def doubled(self):
        return self.now * 2

    @functools.cached_property
    def tripled(self):
        return self.now * 3

    @staticmethod
    def zero():
        return 0

    class Hand:
        def turn(self):
            return lambda: 1 + 1
'''


def put(module: ModuleType, after: str) -> bool:
    changed = changed_functions(TEXT, after)
    return changed is not None and put_in_place(module, changed)


@pytest.fixture
def module() -> ModuleType:
    module = ModuleType("clocks")
    exec(compile(TEXT, "clocks.py", "exec"), vars(module))
    return module


CHANGES = [
    ("now > each", "now >= each", "late(3)", False, True),
    ("now + 1", "now - 1", "kept(5)", 6, 4),
    ("self.now = 1", "self.now = 2", "Clock().now", 1, 2),
    ("self.now * 2", "self.now * 4", "Clock().doubled", 2, 4),
    ("self.now * 3", "self.now * 6", "Clock().tripled", 3, 6),
    ("return 0", "return 1", "Clock.zero()", 0, 1),
    ("1 + 1", "1 - 1", "Clock.Hand().turn()()", 2, 0),
]


@pytest.mark.parametrize("old, new, asked, before, after", CHANGES, ids=[change[0] for change in CHANGES])
def test_every_kind_of_function_is_changed_for_whoever_has_it(
    module: ModuleType, old: str, new: str, asked: str, before: object, after: object
):
    elsewhere = {"late": module.late, "kept": module.kept, "Clock": module.Clock}
    if old != "now + 1":  # What it has answered is kept.
        assert eval(asked, elsewhere) == before
    assert put(module, TEXT.replace(old, new))
    assert eval(asked, elsewhere) == after


@pytest.mark.parametrize(
    "old, new",
    [
        ("LIMIT = 3", "LIMIT = 6"),
        ("due=LIMIT", "due=LIMIT + 1"),
        ("ticks = 2", "ticks = 4"),
        ("@functools.cache\n", ""),
    ],
    ids=["constant", "default", "class body", "decorator"],
)
def test_what_only_an_import_carries_out_is_said_and_changes_nothing(module: ModuleType, old: str, new: str):
    assert not put(module, TEXT.replace(old, new).replace("return 0", "return 1"))
    assert module.Clock.zero() == 0


def test_the_layout_makes_no_difference():
    assert changed_functions(TEXT, TEXT.replace("\n\n", "\n")) == {}


def test_a_copy_of_the_code_tells_which_functions_are_called(module: ModuleType):
    file = Path("x/clocks.py")
    exec(compile(telling(TEXT, file), "clocks.py", "exec"), vars(module))
    CALLED.clear()
    assert module.late(4)
    assert module.Clock.Hand().turn()() == 2
    assert {"x/clocks.py:late", "x/clocks.py:Clock.Hand.turn"} == CALLED
    assert module.late.__doc__ == "Text stays."
    assert name_of(file, ("Clock", "Hand", "turn")) in CALLED


def test_a_function_that_is_hidden_is_not_changed(module: ModuleType):
    del module.late
    assert not put(module, TEXT.replace("now > each", "now >= each"))
