"""The options of the tasks, as they are typed: from the command line to what the work is asked for."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.program import Program

from firmware import manual, tasks
from firmware.__main__ import TaskRunner
from firmware.bench import BenchOptions
from firmware.build.options import LONGEST_VERSION, BuildOptions
from firmware.deploy.options import DeployOptions
from firmware.errors import FirmwareError
from firmware.flash.options import FlashOptions
from firmware.import_keepalived import ImportOptions
from firmware.keys.options import KeysOptions
from firmware.lab.options import PairOptions
from firmware.mutants.options import MutantOptions
from firmware.options import Check, Options, at_least, one_of, option, options_of, table
from firmware.provision.options import ProvisionOptions
from firmware.testing import Selection, Suite
from hadaemon.upgrade.firmware_report import MAX_VERSION

ROOT = Path(__file__).resolve().parents[3]
WORK = {
    "image": "firmware.build.image.build_image",
    "pair": "firmware.lab.pair.run_pair",
    "test": "firmware.tasks.run_tests",
    "mutants": "firmware.mutants.run.run_mutants",
    "flash": "firmware.flash.flash.flash",
    "provision": "firmware.provision.provision.provision",
    "bench": "firmware.tasks.run_bench",
    "check": "firmware.check.check",
    "deploy": "firmware.deploy.deploy.deploy",
    "import": "firmware.import_keepalived.import_keepalived",
    "keys": "firmware.keys.keys.keys",
    "clean": "firmware.clean.clean_checkout",
    "screens": "firmware.screens.write_screens",
}
"""What each task calls."""


class Caught(Exception):
    """The work was called."""


def launch(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "invoke.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    """Types a command line; what the work was then asked for."""
    monkeypatch.setattr("firmware.host.ensure", lambda *_: None)

    def type_it(line: str) -> Any:
        def work(*asked: Any, **named: Any) -> None:
            raise Caught(asked[0] if asked else named)

        words = line.split()
        monkeypatch.setattr(WORK[words[0]], work)
        with pytest.raises(Caught) as caught:
            TaskRunner().run(["invoke.py", *words], exit=False)
        return caught.value.args[0]

    return type_it


SITE = Path("site.toml")


@pytest.mark.parametrize(
    "version", ["1 2", '1"2', "1'2", "-1", "", "1\n2", "../x", "ä", "1" * 33, "$(reboot)"]
)
def test_a_version_that_would_break_names_and_files_is_refused(version: str) -> None:
    with pytest.raises(FirmwareError, match="cannot be a version") as caught:
        BuildOptions(version=version)
    assert caught.value.where == "--version"


@pytest.mark.parametrize(
    "version", ["dev", "1.4.2", "1.5.0-rc1", "2~rc1", "1.0+local", "1" * LONGEST_VERSION]
)
def test_a_version_that_may_be(version: str) -> None:
    assert BuildOptions(version=version).version == version


def test_nodes_tell_a_version_whole() -> None:
    assert LONGEST_VERSION == MAX_VERSION


@pytest.mark.parametrize(
    "line,asked",
    [
        ("image", BuildOptions()),
        ("image --board apu2 --fresh", BuildOptions(board="apu2", fresh=True)),
        (
            "image --release --version 1.4.2 --key r.key.pem --cert r.cert.pem --overlay site --mirror http://m/d",
            BuildOptions(
                version="1.4.2",
                release=True,
                key="r.key.pem",
                cert=Path("r.cert.pem"),
                overlay=Path("site"),
                mirror="http://m/d",
            ),
        ),
        ("image -b apu2 -f -r", BuildOptions(board="apu2", fresh=True, release=True)),
        (
            "image --key pkcs11:token=a;object=b --cert c.pem --keyring old --keyring new --passphrase p",
            BuildOptions(
                key="pkcs11:token=a;object=b",
                cert=Path("c.pem"),
                keyring=("old", "new"),
                passphrase=Path("p"),
            ),
        ),
        ("keys --ca ca", KeysOptions(Path("ca"))),
        ("keys --ca ca --signer r-1 --days 90", KeysOptions(Path("ca"), signer="r-1", days=90)),
        ("pair", PairOptions()),
        ("pair --board apu2 --uefi --cold --keep", PairOptions("apu2", True, True, keep=True)),
        ("pair --setup dsl-modem", PairOptions(setup="dsl-modem")),
        (
            "deploy office branch --yes --check -u root",
            DeployOptions(("office", "branch"), yes=True, check=True, user="root"),
        ),
        ("deploy -y site --at alpha=192.0.2.7", DeployOptions(("site",), yes=True, at=("alpha=192.0.2.7",))),
        ("test", Selection()),
        ("test --lint --unit", Selection(lint=True, unit=True)),
        (
            "test --qemu --only takes_over --shard 2/4 --seed 7 --allow-skip --nightly",
            Selection(qemu=True, only="takes_over", shard="2/4", seed=7, allow_skip=True, nightly=True),
        ),
        ("test --netns --container --build", Selection(netns=True, container=True, build=True)),
        ("test --setups --only dsl_modem", Selection(setups=True, only="dsl_modem")),
        ("mutants", MutantOptions()),
        ("mutants --count 300 --seed 7", MutantOptions(300, 7)),
        ("mutants --made --tests world", MutantOptions(made=True, tests="world")),
        ("flash", FlashOptions()),
        (
            "flash --device /dev/mmcblk0 --board apu2 --preseed alpha.toml --image one.img.zst --yes",
            FlashOptions(
                Path("/dev/mmcblk0"), "apu2", image=Path("one.img.zst"), preseed=Path("alpha.toml"), yes=True
            ),
        ),
        ("import a.conf", ImportOptions(("a.conf",))),
        ("import a.conf b.conf --into s", ImportOptions(("a.conf", "b.conf"), into="s")),
        ("import --into s a.conf --ip=x b.conf", ImportOptions(("a.conf", "b.conf"), ip=("x",), into="s")),
        ("import --file a.conf -n s b.conf", ImportOptions(("a.conf", "b.conf"), into="s")),
        ("import check check site", ImportOptions(("check",))),
        ("provision --answers site.toml", ProvisionOptions(SITE)),
        ("provision --port A --answers site.toml", ProvisionOptions(SITE, ("A",))),
        (
            "provision --port /dev/ttyUSB0 --port /dev/ttyUSB1 --answers site.toml",
            ProvisionOptions(SITE, ("/dev/ttyUSB0", "/dev/ttyUSB1")),
        ),
        ("provision -p /dev/ttyUSB0 -a site.toml", ProvisionOptions(SITE, ("/dev/ttyUSB0",))),
        (
            "provision --answers=site.toml --baud=9600 --wait 20 --protocol log",
            ProvisionOptions(SITE, baud=9600, wait=20.0, protocol=Path("log")),
        ),
        ("bench build", BenchOptions("build")),
        ("bench --subject flood", BenchOptions("flood")),
        ("bench failover --only kill --runs 2", BenchOptions("failover", 2, "kill")),
        ("clean", {"downloads": False}),
        ("clean --downloads", {"downloads": True}),
        ("screens", ""),
        ("screens --pair", "generic-x86_64"),
    ],
)
def test_what_is_typed_is_what_the_work_is_asked_for(line: str, asked: object, typed) -> None:
    assert typed(line) == asked


SAMPLES = {
    "subject": ("failover", "failover"),
    "tests": ("world", "world"),
    "shard": ("1/2", "1/2"),
    "seed": ("7", 7),
    "count": ("40", 40),
    "runs": ("2", 2),
    "baud": ("9600", 9600),
    "wait": ("2.5", 2.5),
    "version": ("1.4.2", "1.4.2"),
    "confirm": ("60", 60),
    "days": ("90", 90),
}
"""What a person types for an option that takes no word at will, and what it means."""
ALONE = {
    "provision": ["--answers", "site.toml"],
    "check": ["site"],
    "bench": ["build"],
    "import": ["--file", "some"],
    "deploy": ["--folder", "some"],
    "keys": ["--ca", "some"],
}
"""What a task must be told in any case."""
EVERY = [(task, each.name) for task, options in tasks.OPTIONS.items() for each in options_of(options)]


@pytest.mark.parametrize("task,name", EVERY)
def test_every_option_of_every_task_can_be_typed(task: str, name: str, typed) -> None:
    """In both ways that a command line knows, and before or behind the others."""
    (one,) = [each for each in options_of(tasks.OPTIONS[task]) if each.name == name]
    word, meant = SAMPLES.get(name, ("some", "some"))
    if one.kind is bool:
        ways: list[list[str]] = [[f"--{name}"]]
        meant = True
    else:
        ways = [[f"--{name}", word], [f"--{name}={word}"]]
        if one.many:
            ways.append([f"--{name}", word, f"--{name}", "other"])
    others = [] if name in ("answers", "folder", "subject", "file", "ca") else ALONE.get(task, [])
    for way in ways:
        for line in ([task, *others, *way], [task, *way, *others]):
            asked = typed(" ".join(line))
            found = getattr(asked, one.field) if isinstance(asked, Options) else SEEN[task](asked)
            expected = (word, "other")[: len(way) // 2 or 1] if one.many else meant
            assert found == (Path(word) if isinstance(found, Path) else expected), line


SEEN: dict[str, Callable[[Any], object]] = {
    "clean": lambda asked: asked["downloads"],
    "screens": lambda board: board == "generic-x86_64",
}
"""Tasks that hand on something else than their options."""


def test_every_task_has_its_options_tried() -> None:
    program = Program(namespace=Collection.from_module(tasks))
    program.create_config()
    program.parse_core(["invoke.py"])
    program.parse_collection()
    named = set(program.collection.task_names)
    assert named == tasks.OPTIONS.keys() | {"translate", "manual", "lock"}
    assert tasks.OPTIONS.keys() == WORK.keys()


def test_two_ports_that_are_not_there_are_told_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/provisioning.md").read_text(encoding="utf-8")
    (site,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "site.toml").write_text(site.replace("ttyUSB0", "ttyNOT0"))
    (tmp_path / "site.toml").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    done = launch("provision", "--port", "/dev/ttyNOT0", "--port", "/dev/ttyNOT1", "--answers", "site.toml")
    assert done.returncode == 1
    assert "2 of 2 boxes are not set up" in done.stderr
    for port in ("/dev/ttyNOT0", "/dev/ttyNOT1"):
        assert f"{port}: there is no such serial port" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_suite_all_are_run() -> None:
    assert Selection().suites == tuple(suite for suite in Suite if suite is not Suite.SETUPS)
    assert Selection(nightly=True).suites == tuple(Suite)
    assert Selection(setups=True).suites == (Suite.SETUPS,)
    assert Selection(unit=True, lint=True).suites == (Suite.LINT, Suite.UNIT)
    assert {suite.value for suite in Suite} <= {field.name for field in fields(Selection)}


@pytest.mark.parametrize(
    "line,told",
    [
        ("provision --port A --port A --answers x", ("a port is named twice", "--port", "name each once")),
        ("provision --port A", ("--answers is missing", "--answers", "site.toml")),
        ("provision --answers x --baud fast", ("'fast' is not a whole number", "--baud")),
        ("provision --answers x --baud 0", ("no speed 0", "--baud")),
        ("provision --answers x --wait soon", ("'soon' is not a number", "--wait")),
        ("provision --answers x --wait -1", ("cannot wait -1.0 seconds", "--wait")),
        ("test --unit --shard 5", ("'5' is no shard", "--shard", "2/4")),
        ("mutants --tests some", ("there are no tests 'some'", "--tests", "one of all, world")),
        ("mutants --count 0", ("nothing would be tried", "--count")),
        ("bench nothing", ("there are no benchmarks 'nothing'", "--subject", "build, failover")),
        ("bench build --runs -1", ("nothing would be measured", "--runs")),
        ("bench sync --only half", ("measured as a whole", "--only", "leave it out")),
        ("image --overlay /no/overlay", ("there is no folder /no/overlay", "--overlay")),
        ("flash", ("no disk is named", "--device", "`python3 invoke.py flash --device /dev/sdb`")),
        ("flash --device /dev/nothing", ("/dev/nothing is not there", "--device")),
        ("provision", ("--answers is missing", "provision --port /dev/ttyUSB0 --answers site.toml`")),
        ("provision --answers no.toml", ("no.toml cannot be read: No such file", "docs/provisioning.md")),
        ("image --version a/b", ("'a/b' cannot be a version", "--version", "e.g. 1.4.2 or 1.5.0-rc1")),
        ("test --only", ("--only needs a value", "python3 invoke.py --help test")),
        ("image --boards x", ("image does not know '--boards'", "python3 invoke.py --help image")),
        ("image --keyring a.pem", ("--keyring is for keys that are named", "give --key and --cert")),
        ("image --key pkcs11:object=a;pin-value=1 --cert x", ("seen by everybody", "--key", "--passphrase")),
        ("keys", ("--ca is missing", "`python3 invoke.py keys --ca ca`")),
        ("keys --ca nothing --signer a", ("there is no CA in nothing", "keys --ca nothing")),
        ("keys --ca nothing --signer a/b", ("'a/b' cannot be a signer's name", "--signer")),
        ("imaeg", ("there is no task 'imaeg'", "`python3 invoke.py` alone lists the tasks")),
        ("bench", ("SUBJECT is missing", "build, failover", "--help bench")),
    ],
)
def test_what_cannot_be_meant_is_told_plainly(line: str, told: tuple[str, ...]) -> None:
    done = launch(*line.split())
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert all(part in done.stderr for part in told), done.stderr


def test_each_option_has_help_and_the_help_has_its_default() -> None:
    shown = launch("--help", "provision").stdout
    told = " ".join(shown.split())
    assert "speed of the ports (default 115200)" in told
    assert "seconds that a box may take to show its menu (default 300)" in told
    assert "(default:" in told
    for each in options_of(ProvisionOptions):
        assert each.help in told
        assert f"--{each.name}" in told


@dataclass(frozen=True, slots=True)
class Some(Options):
    colour_of: str = option("which colour", "red", one_of("colours", ("red", "blue")))
    count: int = option("how many", 3, at_least(2, "{} is too few"))
    size: float = option("how large", 1.5)
    files: tuple[str, ...] = option("which", (), Check(lambda names: "x" not in names, "{} has x", "drop x"))
    deep: bool = option("all below", False)
    inner: str = "no option"


def test_a_field_is_an_option_with_all_that_belongs_to_it() -> None:
    names = [each.name for each in options_of(Some)]
    assert names == ["colour-of", "count", "size", "files", "deep"]
    assert table(Some).splitlines()[2:] == [
        "| `--colour-of COLOUR-OF` | which colour (default red) |",
        "| `--count COUNT` | how many (default 3) |",
        "| `--size SIZE` | how large (default 1.5) |",
        "| `--files FILES` | which |",
        "| `--deep` | all below |",
    ]


@pytest.mark.parametrize(
    "wrong,told",
    [
        ({"colour_of": "green"}, "there are no colours 'green'"),
        ({"count": 1}, "1 is too few"),
        ({"files": ("x",)}, r"\('x',\) has x"),
    ],
)
def test_no_options_are_made_that_cannot_be_meant(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(FirmwareError, match=told) as caught:
        Some(**wrong)
    assert caught.value.where == f"--{next(iter(wrong)).replace('_', '-')}"
    assert caught.value.todo


def test_the_tables_in_the_pages_are_up_to_date() -> None:
    pages = manual.pages_with_tables()
    assert len(pages) == 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert manual.with_tables(text) == text, f"{page.name}: run `python3 invoke.py manual`"
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert all(table(options) in shown for options in manual.TABLES.values())
