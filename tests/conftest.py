"""What holds for every suite: no skip in silence, shards, seeded randomness, and Ctrl-C."""

import os
import signal
import time
import zlib

import hypothesis
import pytest

ALLOW_SKIP = bool(os.environ.get("HOTSPARE_ALLOW_SKIP"))
SEED = int(os.environ.get("HOTSPARE_SEED", "1"))

hypothesis.settings.register_profile("hotspare", deadline=None, database=None, print_blob=True)
hypothesis.settings.register_profile(
    "mutants",
    hypothesis.settings.get_profile("hotspare"),
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    report_multiple_bugs=False,
)
"""Where it matters only whether a test fails: what fails is not made smaller, which takes minutes."""
hypothesis.settings.load_profile("hotspare")


def pytest_configure() -> None:
    os.environ["TZ"] = "UTC"  # What people read is by the clock of the machine's zone.
    time.tzset()
    os.environ["LC_ALL"] = "C.UTF-8"  # What `hactl` says is English, whoever tests.
    # A shell's background job ignores Ctrl-C and hands that down, also to what the tests start and end so.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part, parts = (int(number) for number in os.environ.get("HOTSPARE_SHARD", "1/1").split("/"))
    mine = [item for item in items if zlib.crc32(item.nodeid.encode()) % parts == part - 1]
    config.hook.pytest_deselected(items=[item for item in items if item not in mine])
    items[:] = mine
    for item in items:
        function = getattr(item, "function", None)
        if getattr(function, "is_hypothesis_test", False):
            hypothesis.seed(SEED)(function)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not ALLOW_SKIP:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a capability is missing, and skipping was not allowed (--allow-skip): {reason}"
    return report


def pytest_terminal_summary(terminalreporter) -> None:
    """Each skip is a gap; beside them what tests found out (`record_property`), which else nobody sees."""
    for report in terminalreporter.getreports("skipped"):
        terminalreporter.write_line(f"GAP {report.nodeid}: {report.longrepr[2]}")
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"FOUND {report.nodeid}: {name}: {value}")
