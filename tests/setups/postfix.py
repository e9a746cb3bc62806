"""A real mail server: Debian's Postfix on a host of the lab. What it is given it takes, and throws away."""

import os
import shutil
import signal
import socket
from pathlib import Path

from firmware.lab.deadline import Deadline, wait_until
from tests.lab.host import Host

SMTP_PORT = 25
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = {name}
mydestination =
relay_domains = example.com
relay_transport = discard:
default_transport = discard:
inet_protocols = ipv4
smtpd_relay_restrictions = permit_auth_destination, reject
smtpd_peername_lookup = no
alias_maps =
alias_database =
"""
_MASTER = """
smtp      inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
error     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """It runs until it is closed."""

    def __init__(self, host: Host, name: str, folder: Path) -> None:
        """`folder`: one of its own, that is not there yet; Postfix's own user must be able to come there."""
        self.log = folder / "log"
        (folder / "queue").mkdir(parents=True)
        (folder / "data").mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "main.cf").write_text(_MAIN.format(folder=folder, name=name))
        (folder / "master.cf").write_text(_MASTER)
        # In a process namespace of its own, so that all of its programs end with it.
        alone = ("unshare", "--pid", "--fork", "--mount-proc")
        self._process = host.namespace.start(
            *alone, "postfix", "-c", str(folder), "start-fg", log=folder / "started"
        )
        wait_until(lambda: "daemon started" in self.said, Deadline(30), "Postfix", name)

    def close(self) -> None:
        """Its first process ends, and all others with it. Postfix changes its user, and by that loses what
        would end it with its parent."""
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        self._process.wait()

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text() if self.log.exists() else ""


class Smtp:
    """One session of a client, as far as it has come. Raises OSError when there is no answer."""

    def __init__(self, host: Host, source: str, address: str, seconds: float) -> None:
        self._socket = host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        try:
            self._socket.bind((source, 0))
            self._socket.connect((address, SMTP_PORT))
            self._lines = self._socket.makefile("r", encoding="ascii", errors="replace")
            self.server = self._answer("220").split()[1]
            """The name by which the server greets."""
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()

    def say(self, line: str, code: str = "250") -> str:
        """One command and its answer, which begins with that code."""
        self._socket.sendall(f"{line}\r\n".encode())
        return self._answer(code)

    def mail(self) -> None:
        """A whole message."""
        self.say("HELO client.example.org")
        self.say("MAIL FROM:<somebody@example.org>")
        self.say("RCPT TO:<somebody@example.com>")
        self.say("DATA", "354")
        self.say("Subject: hello\r\n\r\nhello\r\n.")

    def _answer(self, code: str) -> str:
        line = self._lines.readline()
        if not line.startswith(code):
            raise ConnectionError(f"{line!r} in place of {code}")
        return line
