"""What is made from `hactl`: its man page and what the Tab key knows of it in bash, both from its parser, and
the JSON Schema of `hactl status --json`, from the values that the daemon answers with. And from the options
of the tasks, their tables in the pages of docs/.

All are in git, so that they can be read without building anything; a test says when they are not up to date.
hactl is asked in a process of its own: the image builder never imports the daemon's package.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from firmware.build.options import BuildOptions
from firmware.deploy.options import DeployOptions
from firmware.errors import FirmwareError
from firmware.flash.options import FlashOptions
from firmware.import_keepalived import ImportOptions
from firmware.keys.options import KeysOptions
from firmware.lab.options import PairOptions
from firmware.options import Options, table
from firmware.paths import ROOT

PAGE = ROOT / "docs/hactl.8"
SCHEMA = ROOT / "docs/status.schema.json"
COMPLETION = ROOT / "rootfs-overlay/usr/share/bash-completion/completions/hactl"
_PREAMBLE = "from hadaemon.cli.completion import PREAMBLE; print(PREAMBLE)"
_SHTAB = ("-m", "shtab", "--shell=bash", "--error-unimportable", "--prog=hactl", "--prefix=hactl")

TABLES: dict[str, type[Options]] = {
    "image": BuildOptions,
    "deploy": DeployOptions,
    "flash": FlashOptions,
    "import": ImportOptions,
    "keys": KeysOptions,
    "pair": PairOptions,
}
"""By the name of their task, as the marks in the pages say it."""
_TABLE = re.compile(r"(<!-- options: (?P<task>[a-z]+) -->\n\n)(?:\|.*\n)*")


def write_manual() -> list[Path]:
    """Bring all up to date; returns where they are."""
    PAGE.write_text(man_page(), encoding="utf-8")
    COMPLETION.parent.mkdir(parents=True, exist_ok=True)
    COMPLETION.write_text(completion(), encoding="utf-8")
    SCHEMA.write_text(status_schema(), encoding="utf-8")
    pages = pages_with_tables()
    for page in pages:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    return [PAGE, COMPLETION, SCHEMA, *pages]


def pages_with_tables() -> list[Path]:
    """The pages of docs/ that have a table of options."""
    return [page for page in sorted(PAGE.parent.glob("*.md")) if _TABLE.search(page.read_text("utf-8"))]


def with_tables(text: str) -> str:
    """The page with its tables of options as they are to be."""
    return _TABLE.sub(lambda found: found[1] + table(TABLES[found["task"]]), text)


def man_page() -> str:
    """hactl(8)."""
    return _python("-m", "hadaemon.cli.manual")


def status_schema() -> str:
    """Of the answer to `hactl status --json`."""
    return _python("-m", "hadaemon.cli.status_schema")


def completion() -> str:
    """The script for bash. shtab makes it: well kept, knows argparse, and is not needed on a node."""
    return _python(*_SHTAB, f"--preamble={_python('-c', _PREAMBLE)}", "hadaemon.cli.parser.whole_parser")


def help_texts() -> list[str]:
    """What `--help` shows of each command and option, for its translation."""
    return list(json.loads(_python("-m", "hadaemon.cli.help_texts")))


def _python(*arguments: str) -> str:
    command = (sys.executable, "-P", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FirmwareError(
            f"`python {' '.join(arguments[:2])}` failed: {done.stderr.strip()}",
            where="hadaemon/cli",
            todo="run python3 invoke.py test --unit first",
        )
    return done.stdout
