"""Alarms and the support bundle on a node: real units, the real relay program, the real journal."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.topology import STANDARD_PAIR
from tests.lab.container import Container

from .pair import containers

ALARMS = """
[alarms.webhook]
url = "http://localhost:8080/S3cretPath"
[alarms.mail]
relay = "localhost"
port = 2525
user = "hotspare"
password = "S3cretPassword"
from = "hotspare@example.org"
to = ["admin@example.org"]
"""
SINK = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("/run/posts", "ab").write(self.rfile.read(int(self.headers["Content-Length"])) + b"\\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
"""
BUNDLE_SECONDS = 100.0


@pytest.fixture(scope="module")
def alpha(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """One node that is to tell somebody of its alarms."""
    with containers(image, STANDARD_PAIR.only("alpha"), tmp_path_factory.mktemp("alone")) as pair:
        node = pair.node("alpha")
        node.wait_for_state("active")
        node.run(f"printf '%s' '{SINK}' > /run/sink.py", root=True)
        node.run("(setsid python3 /run/sink.py < /dev/null > /dev/null 2>&1 &)", root=True)
        node.run(f"printf '%s' '{ALARMS}' >> /data/state/cluster.toml && hactl reload", root=True)
        node.wait_until(
            "systemctl is-active --quiet hotspare-alarms.service && ls /run/hotspare-alarms/*.sock"
        )
        yield node


def test_a_test_says_what_came_of_each_way(alpha: Container) -> None:
    told = alpha.run("hactl alarms --test", check=False, seconds=120)
    assert told.status == 1
    assert "syslog: sent" in told.output
    assert "webhook: sent" in told.output
    assert "mail: FAILED: cannot connect to localhost, port 2525" in told.output
    posts = [json.loads(line) for line in alpha.run("cat /run/posts", root=True).output.splitlines()]
    assert any(post["test"] for post in posts)
    assert {post["node"] for post in posts} == {"alpha"}
    alpha.wait_until("grep -q became-active /run/posts", root=True)


def test_the_journal_has_it_in_fields_and_with_its_priority(alpha: Container) -> None:
    lines = alpha.run("journalctl --output=json --boot ALARM_KIND=became-active").output.splitlines()
    entry = json.loads(lines[-1])
    assert (entry["ALARM_ID"], entry["ALARM_STATE"]) == ("alpha/became-active", "event")
    assert (entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"]) == ("hotspare-alarm", "5")


def test_the_sender_has_no_privilege_and_its_secrets_are_its_own(alpha: Container) -> None:
    pid = alpha.run("systemctl show --value --property=MainPID hotspare-alarms").output.strip()
    status = dict(
        line.split(":\t", 1) for line in alpha.run(f"cat /proc/{pid}/status", root=True).output.splitlines()
    )
    assert (status["Uid"].split()[0], status["Gid"].split()[0], status["Groups"].strip()) == (
        "902",
        "902",
        "902",
    )
    assert int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
    rights = alpha.run("stat -c '%a %U' /run/hotspare/alarms.json /run/hotspare/msmtprc", root=True).output
    assert rights.split() == ["600", "hotspare-alarms"] * 2
    assert alpha.run("stat -c '%a %G' /run/hotspare-alarms/control.sock", root=True).output.split() == [
        "660",
        "hadaemon",
    ]
    # What sudo notes of this test's own command is not the product's.
    told = alpha.run("journalctl --boot | grep -v 'sudo.*COMMAND='; ps axww", root=True).output
    assert "hotspare-alarms" in told
    assert "S3cret" not in told


def test_a_support_bundle_has_what_is_needed_and_no_secret(alpha: Container) -> None:
    told = alpha.run("sudo hactl support /tmp/one.tar.gz", seconds=BUNDLE_SECONDS).output
    assert "written" in told
    assert alpha.run("stat -c '%a %U' /tmp/one.tar.gz").output.split() == ["600", "admin"]
    parts = alpha.run("tar xzf /tmp/one.tar.gz -C /tmp && cat /tmp/one/PARTS.txt").output
    for part in ("status", "cluster", "journal-this-boot", "kernel-log", "nft-rules", "rauc", "routes-4"):
        assert f"{part}: ok" in parts, parts
    assert alpha.run("grep -rlE 'S3cret|[$]6[$]|PRIVATE KEY' /tmp/one", check=False).output == ""
    assert "192.168.12.141" in alpha.run("cat /tmp/one/node.txt").output
