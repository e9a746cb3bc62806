"""`hactl install-to-disk` on a machine with disks of its own: what is shown, asked, refused and told."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.cli import install as command
from hadaemon.cli.failure import Exit
from hadaemon.cli.main import main
from hadaemon.install.disk import Disk
from hadaemon.install.errors import InstallError
from hadaemon.install.layout import NAMES, Layout, Partition
from hadaemon.install.plan import Running
from hadaemon.io.programs import services
from hadaemon.operations import install as installing
from hadaemon.operations.install import InstallPlaces, Show, Source

STICK = Disk("/dev/sdb", "Ultra Fit", "4C53", "usb", 32_000_000_000, 512, False, True, (), "", ())
SSD = Disk("/dev/sda", "TS64", "A1B2", "sata", 64_000_000_000, 512, False, False, (), "ntfs OLD", ())
SMALL = replace(SSD, path="/dev/mmcblk0", model="DG4008", size=1_000_000)
LAYOUT = Layout(tuple(Partition(name, 1 << 30, 1 << 28, "") for name in NAMES))
DISKS = (STICK, SSD, SMALL)


class Machine:
    """What would be done to it."""

    def __init__(self) -> None:
        self.installed: list[str] = []
        self.fails: Callable[[Show], None] = lambda show: show("writing", 1, 1)
        self.seeding: list[str] = []

    def install(self, source: Source, target: Disk, places: InstallPlaces, show: Show) -> None:
        self.installed.append(target.path)
        self.fails(show)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(
        installing, "find_source", lambda places: Source("/dev/sdb", LAYOUT, Running("B", 1, 2))
    )
    monkeypatch.setattr(installing, "find_disks", lambda places: DISKS)
    monkeypatch.setattr(
        installing,
        "find_candidates",
        lambda places: tuple((disk, disk.refusal(LAYOUT.needed)) for disk in DISKS),
    )
    monkeypatch.setattr(installing, "install", made.install)
    monkeypatch.setattr(services, "stop_seeding", lambda: made.seeding.append("stop"))
    monkeypatch.setattr(services, "start_seeding", lambda: made.seeding.append("start"))
    monkeypatch.setattr(command, "system_owners", lambda: type("Owners", (), {"state": None}))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Somebody is at the terminal, and types this."""

    def types(text: str) -> None:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda prompt: text)

    return types


def test_all_disks_are_shown_with_the_reason_of_those_that_cannot_be_taken(
    machine: Machine, capsys: pytest.CaptureFixture[str]
):
    assert main(["install-to-disk"]) == Exit.DONE
    shown = capsys.readouterr().out
    for part in ("/dev/sdb", "no: the box runs from it", "/dev/sda", "yes", "no: it has 0.0 GB"):
        assert part in shown
    assert main(["install-to-disk", "--json"]) == Exit.DONE
    disks = json.loads(capsys.readouterr().out)["disks"]
    assert [disk["refusal"] == "" for disk in disks] == [False, True, False]
    assert machine.installed == []


@pytest.mark.parametrize("name", ["/dev/sda", "sda"])
def test_it_is_installed_when_the_disks_name_was_typed(
    machine: Machine, typed: Callable[[str], None], capsys: pytest.CaptureFixture[str], name: str
):
    typed("/dev/sda")
    assert main(["install-to-disk", name]) == Exit.DONE
    assert machine.installed == ["/dev/sda"]
    told = capsys.readouterr()
    for part in (
        "TS64",
        "A1B2",
        "64.0 GB",
        "ntfs OLD",
        "from slot B",
        "passwords of this system are not copied",
    ):
        assert part in told.err
    assert "is on /dev/sda, and verified; it is not configured" in told.out
    assert machine.seeding == ["stop", "start"]


@pytest.mark.parametrize("answer", ["", "y", "yes", "sda", "/dev/sdb"])
def test_any_other_answer_writes_nothing(
    machine: Machine, typed: Callable[[str], None], capsys: pytest.CaptureFixture[str], answer: str
):
    typed(answer)
    assert main(["install-to-disk", "sda"]) == Exit.REFUSED
    assert machine.installed == machine.seeding == []
    assert "nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["sdb", "--yes"], Exit.REFUSED, "/dev/sdb is not written to: the box runs from it"),
        (["mmcblk0", "--yes"], Exit.REFUSED, "it has 0.0 GB"),
        (["sdc", "--yes"], Exit.REFUSED, "sdc is no disk of this box; possible: /dev/sda"),
        (["../etc/passwd", "--yes"], Exit.REFUSED, "is no disk of this box"),
        (["--yes"], Exit.USAGE, "--yes needs the DISK"),
        (["sda", "--json"], Exit.USAGE, "say --yes"),
    ],
)
def test_what_must_not_be_is_refused(
    machine: Machine, capsys: pytest.CaptureFixture[str], arguments: list[str], code: Exit, said: str
):
    assert main(["install-to-disk", *arguments]) == code
    assert said in capsys.readouterr().err
    assert machine.installed == []


def test_nobody_is_asked_who_is_not_there(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["install-to-disk", "sda"]) == Exit.REFUSED
    assert "say --yes" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["install-to-disk", "sda", "--yes"]) == Exit.NO_PERMISSION
    assert machine.installed == []


def test_a_program_gets_one_object(machine: Machine, capsys: pytest.CaptureFixture[str]):
    assert main(["install-to-disk", "sda", "--yes", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["disk"] == "/dev/sda"


@pytest.mark.parametrize(
    "error, code",
    [(KeyboardInterrupt(), Exit.INTERRUPTED), (InstallError("broken"), 1), (OSError(5, "I/O"), 1)],
)
@pytest.mark.parametrize("begun", [False, True])
def test_what_ended_early_says_what_state_the_disk_is_in(
    machine: Machine, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, begun: bool
):
    def fails(show: Show) -> None:
        if begun:
            show("writing", 5, 10)
        raise error

    machine.fails = fails
    assert main(["install-to-disk", "sda", "--yes"]) == code
    said = "/dev/sda is half-written and does not boot: install again" if begun else "nothing was written"
    assert said in capsys.readouterr().err
    assert machine.seeding == ["stop", "start"]


def test_progress_sends_nothing_but_what_any_terminal_knows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = command.ProgressLine()
    for step in ("erasing", "writing"):
        bar.show(step, 1, 2)
        bar.show(step, 2, 2)
    bar.close()
    shown = capsys.readouterr().err
    assert shown.replace("\r", "").replace("\n", "").isprintable()
    assert all(len(line) < 80 for line in shown.replace("\n", "\r").split("\r"))
    assert "100 %" in shown


def test_a_machine_that_is_no_appliance_has_nothing_to_install(tmp_path: Path):
    places = InstallPlaces(links=tmp_path)
    assert not installing.can_install(places)
    with pytest.raises(InstallError, match="nothing to install"):
        installing.find_source(places)
