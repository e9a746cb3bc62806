"""The command of the messenger: it gets the alarms from the daemon, and sends them out.

Its socket is the only way in; it knows nothing of the node but its settings, and needs no privilege.
"""

import argparse
import asyncio
import logging
import signal
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from socket import SOCK_STREAM, getaddrinfo

from hadaemon.alarms.message import mail, webhook_body
from hadaemon.alarms.model import Alarm, Mail, Webhook, from_json
from hadaemon.alarms.outbox import MAIL_PACE, WEBHOOK_PACE, Notice, Outbox
from hadaemon.control.codec import encode
from hadaemon.errors import HadaemonError
from hadaemon.io.programs.mail import send
from hadaemon.io.programs.webhook import post
from hadaemon.io.sockets.control import ControlServer, refusal
from hadaemon.io.sockets.control_client import Message
from hadaemon.io.sockets.journal import JournalFormatter
from hadaemon.io.store.files import read_text
from hadaemon.messenger.settings import Settings, decode
from hadaemon.messenger.way import Deliver, Way
from hadaemon.problems import kinds

log = logging.getLogger(__name__)

_MAX_REQUEST = 1 << 20
_SILENCE = 30.0
"""Seconds of silence of the daemon after which an alarm is raised."""
_LOOK = 5.0


class Messenger:
    """From its start to its stop."""

    def __init__(self, settings: Settings, msmtprc: Path) -> None:
        self._ways = tuple(_ways(settings, msmtprc))
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._silent: Alarm | None = None
        self._taken: tuple[tuple[Alarm, ...], tuple[Alarm, ...], bool] = ((), (), False)

    async def answer(self, request: Message) -> Message:
        """Answers the daemon."""
        match request.get("command"):
            case "take":
                self._heard_at, self._silent = self._loop.time(), None
                active, recent = _alarms(request.get("active")), _alarms(request.get("recent"))
                self._taken = active, recent, request.get("quiet") is True
                self._pass_on()
                return {"ok": True, "ways": encode({way.name: way.status() for way in self._ways})}
            case "test" if (alarm := from_json(request.get("alarm"))) is not None:
                failures = await asyncio.gather(*(way.test(alarm) for way in self._ways))
                return {
                    "ok": True,
                    "ways": dict(zip((way.name for way in self._ways), failures, strict=True)),
                }
            case _:
                return refusal("there are take and test")

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for way in self._ways:
                tasks.create_task(way.run())
            while True:
                await asyncio.sleep(_LOOK)
                if self._silent is None and self._loop.time() - self._heard_at > _SILENCE:
                    kind = kinds.DAEMON
                    self._silent = Alarm(kind.word, "", kind.severity, kind.meaning, _now())
                    self._pass_on()

    def _pass_on(self) -> None:
        active, recent, quiet = self._taken
        if self._silent is not None:
            active = (*active, self._silent)
        for way in self._ways:
            way.take(active, recent, _now(), quiet)


def _ways(settings: Settings, msmtprc: Path) -> Iterator[Way]:
    alarms = settings.alarms
    if alarms.webhook is not None:
        outbox = Outbox(WEBHOOK_PACE, alarms.minimum, alarms.reminder)
        yield Way("webhook", outbox, _webhook(alarms.webhook, settings))
    if alarms.mail is not None:
        outbox = Outbox(MAIL_PACE, alarms.minimum, alarms.reminder)
        yield Way("mail", outbox, _mail(alarms.mail, settings, msmtprc))


def _webhook(webhook: Webhook, settings: Settings) -> Deliver:
    def deliver(notices: Sequence[Notice]) -> None:
        for notice in notices:
            post(webhook, webhook_body(notice, settings.sender, webhook.body), settings.source)

    return deliver


def _mail(to: Mail, settings: Settings, msmtprc: Path) -> Deliver:
    def deliver(notices: Sequence[Notice]) -> None:
        stamp, mark = format_datetime(datetime.now(UTC)), uuid.uuid4().hex
        message = mail(notices, settings.sender, to.sender, to.recipients, stamp, mark)
        send(message, msmtprc, _source(to, settings))

    return deliver


def _source(to: Mail, settings: Settings) -> str | None:
    """The own address to send from; None also for a name that cannot be resolved: msmtp will report that."""
    try:
        address = getaddrinfo(to.relay, to.port, type=SOCK_STREAM)[0][4][0]
    except OSError:
        return None
    return settings.source(ip_address(str(address).partition("%")[0]))


def _alarms(raw: object) -> tuple[Alarm, ...]:
    items = raw if isinstance(raw, list) else []
    return tuple(alarm for item in items if (alarm := from_json(item)) is not None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def main(arguments: Sequence[str] | None = None) -> int:
    """0: was asked to stop; 1: cannot run, the reason is in the log."""
    parser = argparse.ArgumentParser(prog="messenger", description=__doc__)
    parser.add_argument("--settings", type=Path, default=Path("/run/hotspare/alarms.json"))
    parser.add_argument("--msmtprc", type=Path, default=Path("/run/hotspare/msmtprc"))
    parser.add_argument("--socket", type=Path, default=Path("/run/hotspare-alarms/control.sock"))
    options = parser.parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        settings = decode(read_text(options.settings) or "")
        asyncio.run(_run(settings, options.msmtprc, options.socket))
    except HadaemonError as error:
        log.critical("%s", error)
        return 1
    return 0


async def _run(settings: Settings, msmtprc: Path, socket: Path) -> None:
    messenger = Messenger(settings, msmtprc)
    server = ControlServer(socket, messenger.answer, _MAX_REQUEST)
    await server.open()
    work = asyncio.ensure_future(messenger.run())
    stop: Callable[[], bool] = work.cancel
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        log.info("stopping: waiting messages are forgotten, and alarms that last will be sent again")
    finally:
        await server.close()
