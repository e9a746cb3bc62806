"""Alarms leave the box: to a real web server and a real mail server, by the real relay program."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from hadaemon.alarms.model import Alarm, AlarmSettings, Mail, MailTls, Webhook, as_json
from hadaemon.alarms.msmtp import msmtprc
from hadaemon.alarms.sender import Sender
from hadaemon.io.programs.mail import send
from hadaemon.io.programs.webhook import DeliveryError, post
from hadaemon.io.sockets.control_client import ask
from hadaemon.messenger.settings import Settings, decode, encode
from hadaemon.problems import Severity

from .pair import OWN, Pair
from .sinks import Certificates, make_certificates, smtp, web
from .waiting import listens, stretched, wait_for

OURS = "127.0.0.7"
"""An own address of the node that is not the one that the kernel takes."""
SOURCES = ((ip_network("127.0.0.0/8"), ip_address(OURS)),)
SECRET = 'SECRET"p\\word #1'
MESSAGE = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def settings(alarms: AlarmSettings) -> Settings:
    return Settings(Sender("alpha", "office"), alarms, SOURCES)


def source(*_: object) -> str:
    return OURS


def test_a_post_over_https_from_an_own_address(certificates: Certificates) -> None:
    with web(tls=certificates.context()) as seen:
        url = f"https://localhost:{seen.port}/hook/SECRET?k=v"
        post(Webhook(url, "TOKEN", certificates.ca.read_text()), b"{}", source)
    (got,) = seen.posts
    assert (got["path"], got["body"], got["from"]) == ("/hook/SECRET?k=v", "{}", OURS)
    assert got["headers"]["Authorization"] == "Bearer TOKEN"
    assert got["headers"]["Content-Type"] == "application/json"
    assert got["headers"]["Host"] == f"localhost:{seen.port}"


def test_a_server_that_is_not_trusted_gets_nothing(certificates: Certificates, tmp_path: Path) -> None:
    other = make_certificates(tmp_path / "other", "DNS:elsewhere.example")
    for tls, ca in (
        (certificates.context(), None),
        (certificates.context(), other.ca.read_text()),
        (other.context(), other.ca.read_text()),
    ):
        with web(tls=tls) as seen:
            hook = Webhook(f"https://localhost:{seen.port}/SECRET", "SECRET", ca)
            with pytest.raises(DeliveryError, match="its certificate is not trusted") as refused:
                post(hook, b"{}", source)
        assert seen.posts == []
        assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("status", [302, 403, 429, 500])
def test_any_other_answer_is_a_failure_and_nobody_follows_a_redirection(status: int) -> None:
    with web() as seen:
        seen.status = status
        with pytest.raises(DeliveryError, match=f"answers {status}") as refused:
            post(Webhook(f"http://127.0.0.1:{seen.port}/SECRET"), b"{}", source)
        assert len(seen.posts) == 1
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("secure", [False, True])
def test_who_answers_a_byte_at_a_time_is_cut(secure: bool, certificates: Certificates) -> None:
    with web(tls=certificates.context() if secure else None) as seen:
        seen.drip = 0.2
        begun = time.monotonic()
        url = f"http{'s' if secure else ''}://127.0.0.1:{seen.port}/"
        with pytest.raises(DeliveryError):
            post(Webhook(url, None, certificates.ca.read_text(), timeout=1.0), b"{}", source)
        assert time.monotonic() - begun < 100, "not after 1000 bytes"


def test_nobody_there() -> None:
    with pytest.raises(DeliveryError, match="Connection refused"):
        post(Webhook("http://127.0.0.1:9/SECRET"), b"{}", source)
    with pytest.raises(DeliveryError, match="cannot be resolved"):
        post(Webhook("http://no-such-host.invalid/SECRET"), b"{}", source)


@pytest.mark.parametrize("tls", MailTls)
def test_a_mail_by_the_relay_program(tls: MailTls, certificates: Certificates, tmp_path: Path) -> None:
    plain = tls is MailTls.OFF
    with smtp(None if plain else certificates.context(), at_once=tls is MailTls.TLS) as seen:
        seen.password = SECRET
        user, password = (None, None) if plain else ("hotspare", SECRET)
        mail = Mail("localhost", "a@example.org", ("b@example.org",), seen.port, tls, user, password)
        send(MESSAGE, configuration(mail, certificates.ca, tmp_path), OURS)
    assert seen.logins == ([] if plain else [("hotspare", SECRET)])
    assert (seen.recipients, seen.sources) == (["b@example.org"], [OURS])
    assert "hello" in seen.mails[0]


def test_a_mail_that_is_not_taken(certificates: Certificates, tmp_path: Path) -> None:
    mail = Mail("localhost", "a@example.org", ("b@example.org",), 0, user="u", password=SECRET)
    with smtp(certificates.context()) as seen:
        mail = dataclasses.replace(mail, port=seen.port)
        seen.password = "another"
        with pytest.raises(DeliveryError, match="535") as refused:
            send(MESSAGE, configuration(mail, certificates.ca, tmp_path), None)
        assert SECRET not in str(refused.value)
        seen.password, seen.refuse = SECRET, True
        with pytest.raises(DeliveryError, match="unknown here"):
            send(MESSAGE, configuration(mail, certificates.ca, tmp_path), None)
        other = make_certificates(tmp_path / "other").ca
        logins = len(seen.logins)
        with pytest.raises(DeliveryError, match=r"(?i)certificate"):
            send(MESSAGE, configuration(mail, other, tmp_path), None)
        assert len(seen.logins) == logins, "the password went to nobody who is not trusted"
    with smtp() as seen, pytest.raises(DeliveryError, match="STARTTLS"):
        send(
            MESSAGE, configuration(dataclasses.replace(mail, port=seen.port), certificates.ca, tmp_path), None
        )
    assert seen.logins == []


def configuration(mail: Mail, ca: Path, folder: Path) -> Path:
    path = folder / "msmtprc"
    path.write_text(msmtprc(mail, "alpha", str(ca)))
    path.chmod(0o600)
    return path


ALARM = Alarm("link-down", "lan", Severity.MAJOR, "port lan: no carrier", "2026-01-01T00:00:00.000+00:00")


class Messenger:
    """The process, and the daemon's side of its socket."""

    def __init__(self, folder: Path, alarms: AlarmSettings, ca: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.socket = folder / "control.sock"
        given = settings(alarms)
        assert decode(encode(given)) == given
        (folder / "alarms.json").write_text(encode(given))
        if alarms.mail is not None:
            configuration(alarms.mail, ca, folder)
        self.command = [sys.executable, "-P", "-X", "dev", "-m", "hadaemon.messenger"]
        self.command += ["--settings", str(folder / "alarms.json"), "--msmtprc", str(folder / "msmtprc")]
        self.command += ["--socket", str(self.socket)]

    def take(self, *active: Alarm, recent: tuple[Alarm, ...] = ()) -> dict[str, dict[str, object]]:
        message = {
            "command": "take",
            "active": [as_json(alarm) for alarm in active],
            "recent": [as_json(alarm) for alarm in recent],
        }
        ways: dict[str, dict[str, object]] = ask(self.socket, message, 5.0)["ways"]
        return ways

    def test(self) -> dict[str, str]:
        event = dataclasses.replace(ALARM, kind="test", resource="", event=True)
        ways: dict[str, str] = ask(self.socket, {"command": "test", "alarm": as_json(event)}, 60.0)["ways"]
        return ways


@contextlib.contextmanager
def messenger(folder: Path, alarms: AlarmSettings, ca: Path) -> Iterator[Messenger]:
    one = Messenger(folder, alarms, ca)
    log = folder / "log"
    with log.open("w") as file, subprocess.Popen(one.command, stdout=file, stderr=file) as process:
        try:
            wait_for("the messenger listens", lambda: listens(one.socket), within=20)
            yield one
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            process.wait(stretched(20))
    assert "SECRET" not in log.read_text()
    assert process.returncode == 0, log.read_text()


def test_the_messenger_tells_both_ways_what_is_true(certificates: Certificates, tmp_path: Path) -> None:
    with web(tls=certificates.context()) as hook, smtp(certificates.context()) as relay:
        relay.password = SECRET
        ca = certificates.ca.read_text()
        alarms = AlarmSettings(
            Webhook(f"https://localhost:{hook.port}/SECRET", "SECRETTOKEN", ca),
            Mail("localhost", "a@example.org", ("b@example.org",), relay.port, user="u", password=SECRET),
        )
        with messenger(tmp_path / "m", alarms, certificates.ca) as one:
            assert one.test() == {"webhook": "", "mail": ""}
            assert hook.bodies()[0]["test"] is True
            one.take(ALARM)
            wait_for("both are told", lambda: len(hook.posts) > 1 and len(relay.mails) > 1, within=30)
            over = dataclasses.replace(ALARM, cleared_at="2026-01-01T00:01:00.000+00:00")
            one.take(recent=(over,))
            wait_for("both know it is over", lambda: len(hook.posts) > 2 and len(relay.mails) > 2, within=30)
            with subprocess.Popen(["ps", "axww"], stdout=subprocess.PIPE, text=True) as ps:
                assert "SECRET" not in ps.communicate()[0]
    raised, cleared = hook.bodies()[1:]
    assert raised == {
        "schema": 1,
        "id": "alpha/link-down/lan",
        "state": "raised",
        "severity": "major",
        "kind": "link-down",
        "resource": "lan",
        "text": "port lan: no carrier",
        "raised_at": "2026-01-01T00:00:00.000+00:00",
        "cleared_at": None,
        "node": "alpha",
        "cluster": "office",
        "pair": False,
        "reminder": False,
        "test": False,
    }
    assert (cleared["id"], cleared["state"]) == (raised["id"], "cleared")
    assert cleared["cleared_at"] == "2026-01-01T00:01:00.000+00:00"
    assert {each["from"] for each in hook.posts} | set(relay.sources) == {OURS}
    letter = message_from_string(relay.mails[1], policy=default)
    assert letter["Subject"] == "[hotspare alpha] MAJOR: link-down lan"
    assert (letter["From"], letter["To"]) == ("a@example.org", "b@example.org")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "port lan: no carrier" in letter.get_content()


def test_what_cannot_be_sent_waits_and_is_told_to_the_daemon(
    certificates: Certificates, tmp_path: Path
) -> None:
    with web() as hook:
        hook.status = 503
        alarms = AlarmSettings(Webhook(f"http://127.0.0.1:{hook.port}/"))
        with messenger(tmp_path / "m", alarms, certificates.ca) as one:
            one.take(ALARM)
            wait_for("it has failed", lambda: one.take(ALARM)["webhook"]["failure"], within=30)
            way = one.take(ALARM)["webhook"]
            assert (way["failure"], way["waiting"]) == ("127.0.0.1: answers 503 Service Unavailable", 1)
            assert one.test() == {"webhook": "127.0.0.1: answers 503 Service Unavailable"}
            hook.status = 200
            wait_for("it gets through", lambda: not one.take(ALARM)["webhook"]["waiting"], within=30)


def test_a_cable_that_is_pulled_is_told_from_an_own_address(pair: Pair, tmp_path: Path) -> None:
    """The whole way: kernel, daemon, messenger, a web server on the client."""
    log = tmp_path / "posts"
    script = (
        "import json, sys, time; from tests.netns.sinks import web\n"
        f"with web('0.0.0.0', 8080) as seen:\n"
        "  while True:\n"
        f"    open({str(log)!r} + '.new', 'w').write(json.dumps(seen.posts))\n"
        f"    __import__('os').replace({str(log)!r} + '.new', {str(log)!r}); time.sleep(0.1)\n"
    )
    root = str(Path(__file__).parents[2])
    pair.client.start("env", f"PYTHONPATH={root}", sys.executable, "-c", script, log=tmp_path / "web.log")
    wait_for("the web server listens", log.exists, within=20)
    url = "http://192.168.12.50:8080/"
    pair.alpha.cluster += f'[alarms.webhook]\nurl = "{url}"\n'
    pair.start()
    folder = pair.alpha.folder / "alarms"
    one = Messenger(
        folder,
        AlarmSettings(Webhook(url)),
        tmp_path,
    )
    own = ((ip_network("192.168.12.0/24"), ip_address(OWN["alpha"]["lan"])),)
    (folder / "alarms.json").write_text(
        encode(Settings(Sender("alpha", "office"), AlarmSettings(Webhook(url)), own))
    )
    pair.alpha.namespace.start(*one.command, log=tmp_path / "messenger.log")

    def told() -> list[tuple[str, str, str]]:
        bodies = [json.loads(post["body"]) for post in json.loads(log.read_text())]
        return [(body["id"], body["state"], body["severity"]) for body in bodies]

    wait_for(
        "it tells that it is active", lambda: told()[:1] == [("alpha/became-active", "event", "warning")], 30
    )
    assert "webhook" in pair.alpha.ask("alarms")["ways"]
    pair.alpha.pull("wan")
    raised = ("alpha/link-down/wan", "raised", "major")
    wait_for("the cable is told", lambda: raised in told(), within=30)
    (shown,) = [alarm for alarm in pair.alpha.status()["alarms"]["active"] if alarm["kind"] == "link-down"]
    assert shown["id"] == "alpha/link-down/wan"
    assert pair.alpha.ask("alarms-test")["ways"] == {"syslog": "", "webhook": ""}
    assert {post["from"] for post in json.loads(log.read_text())} == {OWN["alpha"]["lan"]}
    assert told().count(raised) == 1
    assert "alarm raised severity=major id=alpha/link-down/wan" in pair.alpha.log.read_text()
