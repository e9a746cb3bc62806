"""A mutant's code in a module that is imported already."""

from types import ModuleType

import pytest

from firmware.mutants.in_place import put_in_place

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
    assert put_in_place(module, TEXT, TEXT.replace(old, new))
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
    assert not put_in_place(module, TEXT, TEXT.replace(old, new).replace("return 0", "return 1"))
    assert module.Clock.zero() == 0


def test_the_layout_makes_no_difference(module: ModuleType):
    assert put_in_place(module, TEXT, TEXT.replace("\n\n", "\n"))


def test_a_function_that_is_hidden_is_not_changed(module: ModuleType):
    del module.late
    assert not put_in_place(module, TEXT, TEXT.replace("now > each", "now >= each"))
