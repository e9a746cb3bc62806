"""The tasks of `python3 invoke.py`: each turns its options into one call of the function that does the work.

A task's options are a dataclass of its own (`firmware/options.py`), its help and its checks among them. The
work's own modules are imported inside the tasks, so that listing the tasks stays instant.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

from firmware import host
from firmware.bench import BenchOptions, run_bench
from firmware.build.options import DEFAULT_BOARD, BuildOptions
from firmware.check import CheckOptions
from firmware.deploy.options import DeployOptions
from firmware.errors import FirmwareError
from firmware.flash.options import FlashOptions
from firmware.import_keepalived import ImportOptions
from firmware.keys.options import KeysOptions
from firmware.lab.options import PairOptions
from firmware.mutants.options import MutantOptions
from firmware.options import MissingOption, Option, Options, option, options_of
from firmware.provision.options import ProvisionOptions
from firmware.testing import Selection, run_tests

Chosen = TypeVar("Chosen", bound=Options)

OPTIONS: dict[str, type[Options]] = {}
"""What each task takes, by its name; a task that is not here takes nothing."""
SEVERAL: dict[str, str] = {}
"""By its name, of a task that takes several words without dashes: the option that they are for."""


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn a failure that the user can mend into its message and exit code 1."""
    try:
        yield
    except FirmwareError as error:
        raise Exit(str(error), code=1) from None


def plain(body: Callable[[], None]) -> Task[Any]:
    """A task without options."""

    @functools.wraps(body)
    def run(_context: Context) -> None:
        with plain_failures():
            body()

    del run.__wrapped__  # or invoke would look at the signature of `body`
    return Task(run)


def taking(
    options: type[Chosen], *positional: str, name: str = ""
) -> Callable[[Callable[[Chosen], None]], Task[Any]]:
    """A task that takes these options; the named ones may be typed without their dashes.

    `name`: as it is typed, where Python has another use for the word.
    """
    each = tuple(options_of(options))

    def make(body: Callable[[Chosen], None]) -> Task[Any]:
        typed_as = name or body.__name__
        OPTIONS[typed_as] = options
        for one in each:
            if one.many and one.field in positional:
                SEVERAL[typed_as] = one.name

        @functools.wraps(body)
        def run(_context: Context, **typed: Any) -> None:
            with plain_failures():
                body(_read(options, typed, body.__doc__ or ""))

        run.__signature__ = inspect.Signature([_CONTEXT, *map(_parameter, each)])  # type: ignore[attr-defined]
        return Task(
            run,
            name=typed_as,
            positional=[one.field for one in each if one.field in positional and not one.many],
            iterable=[one.field for one in each if one.many],
            help={one.name: one.help_with_default for one in each},
        )

    return make


def _read(options: type[Chosen], typed: dict[str, Any], doc: str) -> Chosen:
    """Raises FirmwareError. Who leaves out what is needed is shown the task's first example."""
    try:
        return options.typed(typed)
    except MissingOption as error:
        example = doc.partition("Examples:")[2].strip().partition("\n")[0]
        todo = f"{error.todo}, as in `{example}`" if example else error.todo
        raise FirmwareError(error.what, error.where, todo) from None


_CONTEXT = inspect.Parameter("_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _parameter(one: Option) -> inspect.Parameter:
    """As invoke sees it: a flag, or a word that is read by us, so that a wrong one is told in our words."""
    default = False if one.kind is bool else None
    return inspect.Parameter(one.field, inspect.Parameter.KEYWORD_ONLY, default=default)


@plain
def translate() -> None:
    """Bring the catalogs of menu and hactl up to date with their texts, and say what is not translated."""
    host.ensure()
    from firmware.translate import translate as bring_up_to_date

    missing = bring_up_to_date()
    print("\n".join(missing) or "everything is translated")


@plain
def manual() -> None:
    """Make what is made of code: hactl's man page, completion and status schema, docs' tables of options."""
    host.ensure()
    from firmware.manual import write_manual

    for path in write_manual():
        print(_shown(path))


@dataclass(frozen=True, slots=True)
class ScreenOptions(Options):
    """Which screens."""

    pair: bool = option("boot a pair too, for the screens that only a pair shows; takes some minutes", False)


@taking(ScreenOptions)
def screens(options: ScreenOptions) -> None:
    """Capture the manual's screens from the real programs, and draw the first set-up as a moving picture."""
    host.ensure(*(("image", "pair") if options.pair else ()))
    from firmware.screens import write_screens

    for path in write_screens(DEFAULT_BOARD if options.pair else ""):
        print(f"wrote {_shown(path)}")


@taking(BuildOptions)
def image(options: BuildOptions) -> None:
    """Build a board's disk image and signed update bundle into images/<board>/.

    Examples:
      python3 invoke.py image
      python3 invoke.py image --board apu2 --fresh
      python3 invoke.py image --release --version 1.4.2 --key release.key.pem --cert release.cert.pem
      python3 invoke.py image --key ca/r.key.pem --cert ca/r.cert.pem --keyring ca/keyring.pem
    """
    host.ensure("image")
    from firmware.build.image import build_image

    result = build_image(options)
    for path in (result.image, result.bmap, result.bundle, result.manifest):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {_shown(path)}")


@taking(KeysOptions)
def keys(options: KeysOptions) -> None:
    """Keep a CA for update bundles in a folder, and the keys that sign them; see docs/building.md.

    Private keys are sealed with a passphrase, which is asked for. No file of a key is ever overwritten.

    Examples:
      python3 invoke.py keys --ca ca
      python3 invoke.py keys --ca ca --signer releases-2027
      python3 invoke.py keys --ca ca --renew releases-2027
      python3 invoke.py keys --ca ca --revoke releases-2027
    """
    host.ensure("keys")
    from firmware.keys.keys import keys as keep_keys

    print("\n".join(keep_keys(options)))


@taking(PairOptions)
def pair(options: PairOptions) -> None:
    """Start two nodes in QEMU with their LAN, WAN and hotwire, and give a prompt to play with them."""
    host.ensure("image", "pair")
    from firmware.lab.pair import run_pair

    run_pair(options)


@taking(Selection)
def test(options: Selection) -> None:
    """Run the checks and tests, all of them or a selection, and sum them up in one table."""
    run_tests(options)


@taking(MutantOptions)
def mutants(options: MutantOptions) -> None:
    """Change single things in the code of the election, and see whether a test notices.

    A line for each, then how many survive, and which. About two seconds each; those that survive take a
    minute. A survivor that is not in tests/unit/cluster/survivors.toml, with the reason, is an error.

    Examples:
      python3 invoke.py mutants
      python3 invoke.py mutants --count 300 --seed 7
      python3 invoke.py mutants --count 5000 --only cluster/knowledge
      python3 invoke.py mutants --made --tests world
    """
    from firmware.mutants.run import run_mutants

    run_mutants(options)


@taking(CheckOptions, "folder")
def check(options: CheckOptions) -> None:
    """Check a cluster's files before any node has them: exactly as the nodes do, and against each other.

    FOLDER has cluster.toml and cluster.d/, and of each node NAME/node.toml or NAME.node.toml. The exit
    code is 0 when both nodes would take them, else 1; nothing is changed anywhere.

    Examples:
      python3 invoke.py check site
      python3 invoke.py check site --json
    """
    from firmware.check import check as check_files

    check_files(options)


@taking(DeployOptions, "folder")
def deploy(options: DeployOptions) -> None:
    """Bring the files of one pair, or of several, to their nodes over SSH: on both nodes or on neither.

    FOLDER is as `check` takes it, e.g. in a git checkout. What would change is shown and asked about. Each
    pair goes back by itself unless both of its nodes could be logged in to afterwards and are no worse off.

    Examples:
      python3 invoke.py deploy site
      python3 invoke.py deploy office branch --yes
      python3 invoke.py deploy site --check --at alpha=admin@192.0.2.7
    """
    from firmware.deploy.deploy import deploy as deploy_pairs

    deploy_pairs(options)


@taking(ImportOptions, "file", name="import")
def import_pair(options: ImportOptions) -> None:
    """Read the files of a pair that ran keepalived, and write ours: cluster.toml and each node's node.toml.

    FILE is keepalived.conf of one node; better give those of both, one after the other. A new folder is
    made, with a report of what was carried over, what means something else now, and what could not be
    carried over. Whatever is broken is told with its file and line, and then nothing is written.

    Examples:
      python3 invoke.py import keepalived.conf
      python3 invoke.py import alpha.conf beta.conf --conntrackd conntrackd.conf --into site
      python3 invoke.py import alpha.conf beta.conf --ip alpha.json --ip beta.json --port eth0=lan
    """
    from firmware.import_keepalived import import_keepalived

    import_keepalived(options)


@taking(FlashOptions)
def flash(options: FlashOptions) -> None:
    """Write an image to a disk, a USB stick or an eMMC, and read it back.

    Examples:
      python3 invoke.py flash --device /dev/sdb
      python3 invoke.py flash --device /dev/mmcblk0 --board apu2 --preseed alpha.toml
    """
    host.ensure("flash")
    from firmware.flash.flash import flash as flash_image

    flash_image(options)


@taking(ProvisionOptions)
def provision(options: ProvisionOptions) -> None:
    """Set boxes up over their serial consoles, from a file of answers; see docs/provisioning.md.

    Examples:
      python3 invoke.py provision --port /dev/ttyUSB0 --answers site.toml
      python3 invoke.py provision --port /dev/ttyUSB0 --port /dev/ttyUSB1 --answers site.toml
    """
    from firmware.provision.provision import provision as set_up

    set_up(options)


@taking(BenchOptions, "subject")
def bench(options: BenchOptions) -> None:
    """Measure ours and the peer side by side in one run, and write the page in docs/.

    Examples:
      python3 invoke.py bench build
      python3 invoke.py bench failover
      python3 invoke.py bench failover --only kill --runs 2
      python3 invoke.py bench flood
      python3 invoke.py bench flood --only senders --runs 1
      python3 invoke.py bench conntrack
      python3 invoke.py bench firmware --only upgrade --runs 1
      python3 invoke.py bench boot
      python3 invoke.py bench boot --only node --runs 1
    """
    run_bench(options)


@plain
def lock() -> None:
    """Lock the Python packages anew from requirements/*.in, with hashes and without registry names."""
    from firmware.lock import lock_requirements

    lock_requirements()


@dataclass(frozen=True, slots=True)
class CleanOptions(Options):
    """What is removed."""

    downloads: bool = option("the downloaded packages too; the next build fetches them again", False)


@taking(CleanOptions)
def clean(options: CleanOptions) -> None:
    """Remove what builds and tests left: results, cached layers, logs, test artifacts.

    The development signing keys always stay: nodes that run an image trust them.

    Examples:
      python3 invoke.py clean
      python3 invoke.py clean --downloads
    """
    from firmware.clean import clean_checkout

    for path in clean_checkout(downloads=options.downloads):
        print(f"removed {_shown(path)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
