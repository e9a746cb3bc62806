"""What each ready configuration claims: a file of functions each, and one for what holds for all of them.

A claim is a function whose first sentence is the claim. It begins with the setup as it has booted, from a
snapshot, and tells what it has measured. When all are through, images/reports/setups.html has everything.
"""

import inspect
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.capability import best_accelerator
from firmware.lab.images import raw_image
from firmware.lab.lab import LabOptions
from firmware.lab.opening import READY
from firmware.lab.setups import read_setup, title_of
from firmware.paths import REPORTS, ROOT
from tests.claims.model import Claim, Excerpt, Held, Trace, lines_of
from tests.claims.page import Page, render, sections_of, verdict
from tests.qemu.conftest import BOARD, Labs

from .site import Site

LABS = Labs()
REPORT = REPORTS / "setups.html"


class Record:
    """What a test finds out about its claim."""

    def __init__(self) -> None:
        self.measured: list[str] = []
        self.traces: list[Trace] = []
        self.excerpts: list[Excerpt] = []

    def measure(self, line: str) -> None:
        """A figure that is told, and not asserted."""
        self.measured.append(line)

    def trace(self, trace: Trace) -> None:
        """A failover as a client saw it."""
        self.traces.append(trace)

    def show(self, title: str, lines: tuple[str, ...] | list[str]) -> None:
        """An excerpt of a capture, or of what a command said."""
        self.excerpts.append(Excerpt(title, tuple(lines)))


RECORD = pytest.StashKey[Record]()
CLAIM = pytest.StashKey[Claim]()


def setup_of_item(item: pytest.Function) -> str:
    """The name of the setup that a test is about."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return str(params.get("setup_name") or item.module.SETUP)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One setup after the other, each first with what holds for all of them."""
    items.sort(key=lambda item: (setup_of_item(item), item.module.__name__ != "tests.setups.test_each"))


@pytest.fixture
def setup_name(request: pytest.FixtureRequest) -> str:
    """The setup of the file, unless the test is about several of them."""
    return str(request.module.SETUP)


@pytest.fixture(scope="session")
def image() -> Path:
    return raw_image(BOARD)


@pytest.fixture
def claim(request: pytest.FixtureRequest) -> Record:
    """Where a test says what it has measured."""
    record = request.node.stash[RECORD] = Record()
    return record


@pytest.fixture
def site(claim: Record, image: Path, setup_name: str) -> Iterator[Site]:
    """The setup with everybody around it; the master is active."""
    setup = read_setup(setup_name)
    with LABS.open_at(READY, setup.topology, LabOptions(image)) as lab, Site(lab, setup, claim) as site:
        yield site


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    LABS.keep_artifacts(report, "setups", item.name)
    if report.when == "call" or not report.passed:
        item.stash[CLAIM] = claim_of(item, report, call)
        report.claim = item.stash[CLAIM]
    return report


def claim_of(item: pytest.Function, report: pytest.TestReport, call: pytest.CallInfo[None]) -> Claim:
    record = item.stash.get(RECORD, Record())
    held = Held.YES if report.passed else Held.UNKNOWN if report.skipped else Held.NO
    reason = "" if call.excinfo is None else str(call.excinfo.value) or call.excinfo.typename
    return Claim(
        setup_of_item(item),
        sentence_of(item.function),
        held,
        tuple(record.measured),
        tuple(record.traces),
        tuple(record.excerpts),
        reason,
        report.duration,
    )


def sentence_of(function: object) -> str:
    """The first paragraph of its docstring, in one line."""
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())


class Telling:
    """A line for each claim when it was tried, and the page at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._claims: dict[str, Claim] = {}

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No letter for what has a line."""
        return (report.outcome, "", "") if hasattr(report, "claim") else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails when it ends has failed, too."""
        if found := getattr(report, "claim", None):
            self._claims[report.nodeid] = found
            self._terminal.write_line("\n".join(lines_of(found)))
            self._terminal.flush()

    def pytest_terminal_summary(self) -> None:
        """Writes the page."""
        if claims := list(self._claims.values()):
            write(claims)
            self._terminal.write_line(f"{verdict(claims)}: {REPORT.relative_to(ROOT)}")

    @property
    def _terminal(self) -> pytest.TerminalReporter:
        return self._config.pluginmanager.get_plugin("terminalreporter")


def write(claims: list[Claim]) -> None:
    """The page appears when it is complete."""
    names = sorted({claim.setup for claim in claims})
    setups = {name: read_setup(name).topology for name in names}
    titles = {name: title_of(name) for name in names}
    tried = sum(claim.seconds for claim in claims)
    facts = (
        time.strftime("Made %Y-%m-%d %H:%M UTC", time.gmtime()),
        f"The nodes' processors: {best_accelerator().value}"
        " (tcg: emulated, where all takes several times as long as on a real box)",
        "Hosts ask five times a second: no gap is told more exactly.",
        "Deadlines are asserted, and no figure is.",
        f"Tried in {tried / 60:.0f} minutes.",
    )
    REPORTS.mkdir(parents=True, exist_ok=True)
    draft = REPORT.with_suffix(".new")
    draft.write_text(render(Page(sections_of(claims, titles, setups), facts)), encoding="utf-8")
    draft.rename(REPORT)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Telling(config), "claims")
