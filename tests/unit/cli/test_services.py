"""What follows the active node, as people see it."""

from hadaemon.cli.history import history_text
from hadaemon.cli.services import service_lines
from hadaemon.io.store.history import Entry
from hadaemon.status.parts import ServiceStatus
from hadaemon.status.service_phase import Phase


def lines(*services: tuple[str, bool, str]) -> list[str]:
    return list(
        service_lines([ServiceStatus(unit, wanted, Phase(state)) for unit, wanted, state in services])
    )


def test_each_unit_is_shown_and_what_is_not_as_it_should_be_is_plain():
    assert lines(("a.service", True, "up"), ("long.service", True, "failed")) == [
        "services:",
        "  a.service     up",
        "  long.service  failed, and is to be up",
    ]


def test_on_a_backup_what_failed_at_last_is_down_and_what_runs_is_told():
    assert lines(("a.service", False, "failed"), ("b.service", False, "up")) == [
        "services:",
        "  a.service  down",
        "  b.service  up, and is to be down",
    ]


def test_where_nothing_follows_nothing_is_said():
    assert list(service_lines(())) == []


def test_what_happened_to_a_service_is_a_line_of_the_history_without_a_change():
    entry = Entry("2026-01-02T03:04:05.678+00:00", "active", "active", "web.service ended", None)
    assert history_text([entry]).splitlines()[1].split() == [
        *("2026-01-02", "03:04:05.678", "UTC", "active", "web.service", "ended")
    ]
