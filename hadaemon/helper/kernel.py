"""The kernel's settings of `[kernel]`, set and put back, for hotspare-kernel.service.

The setup has written which ones into a file of root's. What a setting was before is kept in another one until
it is put back, so that a second start does not take the first one's value for the kernel's own.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.kernel.settings import BEFORE, SETTINGS, WANTED, read_setting, write_setting
from hadaemon.io.store.files import read_text, write_text


def main() -> int:
    """`set` or `put-back`, the only argument. 1: a file cannot be read or written. What the kernel does not
    take is printed; the daemon sees it by itself."""
    work = {"set": set_wanted, "put-back": put_back}.get(" ".join(sys.argv[1:]))
    if work is None:
        print("kernel: takes set or put-back", file=sys.stderr)
        return 1
    try:
        for problem in work(Path("/"), SETTINGS):
            print(problem, file=sys.stderr)
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def set_wanted(root: Path, settings: Path) -> tuple[str, ...]:
    """Returns what could not be set; raises HadaemonError."""
    wanted, before = _pairs(root / WANTED), dict(_pairs(root / BEFORE))
    for name, _ in wanted:
        found = read_setting(name, settings)
        if found is not None:
            before.setdefault(name, found)
    lines = (f"{name} = {value}\n" for name, value in before.items())
    write_text(root / BEFORE, "".join(lines), 0o644)
    return _write(wanted, settings)


def put_back(root: Path, settings: Path) -> tuple[str, ...]:
    """Returns what could not be put back; raises HadaemonError."""
    problems = _write(_pairs(root / BEFORE), settings)
    (root / BEFORE).unlink(missing_ok=True)
    return problems


def _write(pairs: Iterable[tuple[str, str]], settings: Path) -> tuple[str, ...]:
    problems = []
    for name, value in pairs:
        try:
            write_setting(name, value, settings)
        except HadaemonError as error:
            problems.append(str(error))
    return tuple(problems)


def _pairs(path: Path) -> tuple[tuple[str, str], ...]:
    """Name and value by line; none: there is no such file."""
    lines = (line.partition(" = ") for line in (read_text(path) or "").splitlines())
    return tuple((name, value) for name, _, value in lines)
