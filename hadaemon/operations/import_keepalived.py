"""A pair that ran keepalived: its files read, and ours written into a new folder, whole or not at all."""

import glob
import itertools
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hadaemon.config import values
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.keepalived.conntrackd import read_conntrackd
from hadaemon.keepalived.lines import Lines
from hadaemon.keepalived.links import read_box
from hadaemon.keepalived.model import Keepalived
from hadaemon.keepalived.ports import MISSING
from hadaemon.keepalived.read import read_keepalived
from hadaemon.keepalived.report import Findings, report_text
from hadaemon.keepalived.source import Place, Source, SourceError
from hadaemon.keepalived.translate import Asked, Translation, translate
from hadaemon.keepalived.tree import read_tree
from hadaemon.operations.check_folder import check_folder
from hadaemon.operations.import_scripts import find_script

REPORT = "import.txt"
_NODES = 2
_PLACEHOLDER = re.compile(f'"{MISSING}[^"]*"')
_SECRET = 0o600
"""Passwords and keys may be in what is written."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is read, and what nobody's file says. Of each kind there are as many as nodes, or fewer."""

    files: tuple[Path, ...]
    """keepalived.conf of one node, of both, or one file for both."""
    into: Path
    conntrackd: tuple[Path, ...] = ()
    boxes: tuple[Path, ...] = ()
    """What `ip -details -json address` printed on each box."""
    ids: tuple[str, ...] = ()
    """keepalived's --config-id of each node."""
    names: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """INTERFACE=PORT."""
    cards: tuple[str, ...] = ()
    """NODE.PORT=MAC, of a bond several with commas."""


class RefusedImport(HadaemonError):
    """Nothing was written; `problems` has every reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class _Reading:
    """The files of the pair, as they are read."""

    findings: Findings = field(default_factory=Findings)

    def keepalived(self, source: Source, config_id: str) -> tuple[Keepalived, dict[str, Place]]:
        """And the ids that its conditions name. Raises SourceError."""
        lines = Lines(config_id, self._included)
        tree = read_tree(lines.of(source))
        return read_keepalived(tree, source.path, config_id, self.findings), lines.ids

    def _included(self, pattern: str, place: Place) -> Sequence[Source]:
        """As keepalived finds them: a relative path begins where the file is that includes it, and `**` is no
        more than `*` (glob(3))."""
        base = Path(place.file).parent if not pattern.startswith("/") else Path("/")
        try:
            paths = sorted(base.glob(re.sub(r"\*+", "*", pattern.lstrip("/"))))
            sources = [_read(path) for path in paths if not path.is_dir()]
        except (HadaemonError, ValueError, OSError) as error:
            raise SourceError(place, f"include {pattern}: {error}") from error
        if not sources and glob.has_magic(pattern):
            self.findings.lost(
                place,
                f"include {pattern}: nothing of that name is here",
                "copy these files, too, if there are any",
            )
        elif not sources:
            raise SourceError(
                place, f"include {pattern}: {base / pattern} is not there: copy it, or remove the line"
            )
        return sources


def import_keepalived(request: ImportRequest) -> str:
    """The report, which is in the new folder too. Raises HadaemonError: nothing was written."""
    _check_counts(request)
    asked = _asked(request)
    reading = _Reading()
    told = _nodes(request, reading)
    findings = reading.findings
    conntrackd = [read_conntrackd(_read(path), findings) for path in request.conntrackd]
    boxes = [read_box(_read(path)) for path in request.boxes]
    if not findings.wrong and not any(each.instances for each in told):
        findings.refuse(Place(told[0].file, 1), "has no vrrp_instance: there is nothing to import")
    if findings.wrong:
        raise RefusedImport(findings.wrong)
    first = [each for each in told if each.instances]
    translation = translate(first, conntrackd, boxes, asked, find_script, findings)
    if findings.wrong:
        raise RefusedImport(findings.wrong)
    return _write(request, translation, findings)


def _check_counts(request: ImportRequest) -> None:
    for name, given in (
        ("keepalived's files", request.files),
        ("conntrackd's files", request.conntrackd),
        ("files of `ip`", request.boxes),
        ("ids", request.ids),
        ("names", request.names),
    ):
        if len(given) > _NODES:
            raise RefusedImport([f"{len(given)} {name}: a pair has two nodes, give one of each at most"])


def _read(path: Path) -> Source:
    """Raises FileError."""
    text = read_text(path)
    if text is None:
        raise FileError(f"{path}: there is no such file")
    return Source(str(path), text)


def _nodes(request: ImportRequest, reading: _Reading) -> list[Keepalived]:
    """Of each node what its keepalived would read. One file with conditions for two nodes is read twice."""
    sources = [_read(path) for path in request.files]
    ids = list(request.ids)
    if len(sources) == 1 and len(ids) < _NODES:
        _, named = _Reading().keepalived(sources[0], ids[0] if ids else "")
        ids = _ids_of_one_file(named, ids)
    if len(sources) == 1 and len(ids) == _NODES:
        sources *= 2
    ids += [""] * (len(sources) - len(ids))
    told = []
    for source, config_id in zip(sources, ids, strict=False):
        node, named = reading.keepalived(source, config_id)
        if named and not config_id:
            name, place = next(iter(named.items()))
            raise SourceError(
                place,
                f"@{name} is for a node of that name: say which id each file is for, e.g. --id {name} --id "
                "OTHER",
            )
        told.append(node)
    return told


def _ids_of_one_file(named: dict[str, Place], ids: list[str]) -> list[str]:
    """The two nodes that its conditions are for."""
    names = [*ids, *(name for name in named if name not in ids)]
    if len(names) == _NODES or not named:
        return names if named else ids
    name, place = next(iter(named.items()))
    example = f"--id {name} --id {next((other for other in named if other != name), 'OTHER')}"
    raise SourceError(
        place, f"conditions for {', '.join(named)}: name the two nodes of the pair, e.g. {example}"
    )


def _asked(request: ImportRequest) -> Asked:
    """Raises RefusedImport: with every wrong word of the command line."""
    wrong: list[str] = []
    ports: dict[str, str] = {}
    cards: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in request.names:
        _try(values.label, name, "--name", wrong)
    for word in request.ports:
        interface, equals, port = word.partition("=")
        if equals and interface:
            ports[interface] = _try(values.port_name, port, f"--port {word}", wrong)
        else:
            wrong.append(f"--port {word}: write INTERFACE=PORT, e.g. eth0=lan")
    for word in request.cards:
        where, equals, macs = word.partition("=")
        node, dot, port = where.partition(".")
        if equals and dot and node and port:
            each = macs.split(",")
            cards[node, port] = tuple(_try(values.mac, mac, f"--mac {word}", wrong) for mac in each)
        else:
            wrong.append(f"--mac {word}: write NODE.PORT=MAC, e.g. alpha.lan=52:54:00:12:34:56")
    if wrong:
        raise RefusedImport(wrong)
    return Asked(request.names, ports, cards)


def _try(read: Callable[[str], str], text: str, where: str, wrong: list[str]) -> str:
    """The value; what is wrong with it is added to the others."""
    try:
        return read(text)
    except ValueError as error:
        wrong.append(f"{where}: {error}")
        return ""


def _write(request: ImportRequest, translation: Translation, findings: Findings) -> str:
    """Into a folder beside, which then takes its name: there is never a half."""
    into = request.into
    try:
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise FileError(f"{into}: is there already: name another folder with --into, or remove it")
        beside = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    except OSError as error:
        raise FileError(f"{into}: cannot be made: {error.strerror}") from error
    try:
        checked = [each.replace(str(beside), str(into)) for each in _checked(beside, translation.files)]
        _lay_out(beside, translation.files)
        title = f"{' and '.join(map(str, request.files))}: imported into {into}"
        if len(request.files) == _NODES:
            title += f"\nWhere {request.files[1]} says the same as {request.files[0]}, it is not listed."
        todo = [each.replace("FOLDER", str(into)) for each in translation.todo]
        report = report_text(title, findings.found, todo, checked)
        write_text(beside / REPORT, report, _SECRET)
        beside.replace(into)
    except OSError as error:
        raise FileError(f"{into}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return report


def _checked(folder: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """What the nodes would say once the MAC addresses are there: any are taken that nobody has."""
    numbers = itertools.count(1)
    _lay_out(
        folder,
        {name: _PLACEHOLDER.sub(lambda _: _example(next(numbers)), text) for name, text in files.items()},
    )
    found = check_folder(folder)
    return (*found.problems, *found.notes)


def _example(number: int) -> str:
    """A MAC address of those that are locally administered (RFC 9542 §2.1)."""
    return f'"02:00:00:00:{number >> 8:02x}:{number & 0xFF:02x}"'


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        write_text(folder / name, text, _SECRET)
