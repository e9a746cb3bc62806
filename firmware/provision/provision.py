"""`python3 invoke.py provision`: all ports of a run at once, each in a thread, and what became of each."""

import stat
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.provision.answers import Site, read_site
from firmware.provision.board import Board
from firmware.provision.errors import Interrupted, ProvisionError
from firmware.provision.options import ProvisionOptions
from firmware.provision.progress import Progress
from firmware.provision.record import Record
from firmware.provision.setup import STOP, Setup
from firmware.provision.typist import ENTER, KILL, Typist, Watcher

_LARGEST = 1 << 20
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one port."""

    port: str
    name: str
    """Of the box; empty: none was found."""
    text: str
    good: bool


def provision(options: ProvisionOptions) -> tuple[Outcome, ...]:
    """Raises FirmwareError: not every box is set up; the message has the reason for each port."""
    site = load_site(options.answers)
    ports = options.port or tuple(box.line for box in site.boxes if box.line)
    _check_ports(ports, site)
    path = options.protocol or Path(time.strftime("provision-%Y%m%d-%H%M%S.log"))
    record = Record(path, site.secrets)
    try:
        outcomes, interrupted = _Run(site, options, ports, record).outcomes()
    finally:
        record.close()
    print(f"the protocol is in {path}")
    if interrupted:
        raise KeyboardInterrupt
    if bad := [one for one in outcomes if not one.good]:
        raise ProvisionError(
            f"{len(bad)} of {len(outcomes)} boxes are not set up",
            "\n".join(f"{one.port} {one.name}".strip() + f": {one.text}" for one in bad),
            f"the protocol has what was on each console: {path}",
        )
    return outcomes


def load_site(path: Path) -> Site:
    """Raises FirmwareError: the file cannot be read, or others may read the secrets in it, or it is wrong."""
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            data = file.read(_LARGEST + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise ProvisionError(
            f"the answers file {path} cannot be read: {error.strerror}",
            "--answers",
            "name another one; docs/provisioning.md has one to begin with",
        ) from None
    except UnicodeDecodeError as error:
        raise ProvisionError(
            f"the answers file {path} is no text: {error}", "--answers", "save it as UTF-8"
        ) from None
    if len(data) > _LARGEST:
        raise ProvisionError("the answers file is larger than 1 MiB", str(path), "name the right file")
    site = read_site(text, str(path))
    if site.secrets and mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ProvisionError(
            "the answers file has a password, and everybody on this machine may read it",
            str(path),
            f"chmod 600 {path}",
        )
    return site


def _check_ports(ports: Sequence[str], site: Site) -> None:
    if not ports:
        raise ProvisionError("no port is named", "--port", f"name one, or write port = in {site.file}")
    if len(ports) > len(site.boxes):
        raise ProvisionError(
            f"there are {len(ports)} ports, and only {len(site.boxes)} boxes", site.file, "add a [[box]]"
        )


class _Run:
    """All ports of one call."""

    def __init__(self, site: Site, options: ProvisionOptions, ports: Sequence[str], record: Record) -> None:
        self._site, self._options, self._ports, self._record = site, options, ports, record
        self._stop = threading.Event()
        self._board = Board(len(ports), self._stop.is_set)
        self._progress = Progress(ports)
        self._outcomes: dict[str, Outcome] = {}
        self._names: dict[str, str] = {}
        """Of the box at each port, once it is known."""

    def outcomes(self) -> tuple[tuple[Outcome, ...], bool]:
        """In the order of the ports; and whether the person has interrupted it."""
        threads = [threading.Thread(target=self._work, args=(port,), name=port) for port in self._ports]
        for thread in threads:
            thread.start()
        interrupted = False
        while any(thread.is_alive() for thread in threads):
            try:
                time.sleep(_LOOK_SECONDS)
            except KeyboardInterrupt:
                interrupted = True
                self._stop.set()
        return tuple(self._outcomes[port] for port in self._ports), interrupted

    def _work(self, port: str) -> None:
        """Whatever happens, there is an outcome, and the other ports learn of it."""
        try:
            text, good = self._set_up(port), True
        except FirmwareError as error:
            where = "" if error.where == port else error.where
            text, good = str(FirmwareError(error.what, where, error.todo)).removeprefix("error: "), False
        except Exception as error:  # noqa: BLE001 (the other ports go on; the protocol has the rest)
            text, good = f"this is a fault of the program: {type(error).__name__}: {error}", False
        name = self._names.get(port, "")
        if not good:
            self._board.failed(name)
        self._outcomes[port] = Outcome(port, name, text, good)
        self._record.noted(port, text)
        what = f"{name}: " if name else ""
        self._progress.say(port, f"{what}{'done: ' if good else 'FAILED: '}{text.splitlines()[0]}")

    def _set_up(self, port: str) -> str:
        """What has become of the box. Raises FirmwareError."""
        boxes = [box for box in self._site.boxes if box.line == port]
        baud = (boxes[0].baud if boxes else 0) or self._options.baud
        watcher = Watcher(self._record, self._stop.is_set)
        typist = Typist(port, baud, watcher)

        def say(text: str) -> None:
            if setup.box:
                self._names[port] = setup.box.name
            self._record.noted(port, text)
            self._progress.say(port, f"{setup.box.name}: {text}" if setup.box else text)

        setup = Setup(typist, self._site, self._board, say, self._options.wait)
        try:
            return setup.run()
        except Interrupted:
            raise _interrupted(typist, setup) from None
        finally:
            typist.close()


def _interrupted(typist: Typist, setup: Setup) -> ProvisionError:
    """The menu is left at its beginning, unless the box is written already."""
    if setup.written:
        return ProvisionError(
            "interrupted after the configuration was written",
            typist.url,
            "finish it by hand, or reset it to factory defaults in `hactl menu`",
        )
    typist.press(KILL + STOP + ENTER)
    return ProvisionError("interrupted: nothing was written", typist.url)
