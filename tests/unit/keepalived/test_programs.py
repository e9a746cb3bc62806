"""Commands as probes, scripts that cannot be carried over, and what two of them share."""

import os
from pathlib import Path

import pytest

from hadaemon.config.check_model import KINDS
from hadaemon.io.errors import FileError
from hadaemon.keepalived.commands import command_of, pinged, probe
from hadaemon.operations import import_scripts
from hadaemon.programs.script import MAX_BYTES
from tests.unit.keepalived.importing import Imported, imported

INSTANCE = """
vrrp_script S {
    script "SCRIPT"
}
vrrp_instance V {
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {
        192.0.2.1/24
    }
    track_script {
        S
    }
    NOTIFY
}
"""


@pytest.fixture(autouse=True)
def takes_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", lambda _: None)


def of_script(folder: Path, command: str, notify: str = "") -> Imported:
    return imported(folder, INSTANCE.replace("SCRIPT", command).replace("NOTIFY", notify))


@pytest.mark.parametrize(
    "command,found",
    [
        ("killall -0 haproxy", "process haproxy"),
        ("/usr/bin/killall -q -s 0 haproxy", "process haproxy"),
        ("killall haproxy", ""),
        ("killall -0 haproxy nginx", ""),
        ("pidof /usr/sbin/haproxy", "process haproxy"),
        ("pidof -o 5 haproxy", ""),
        ("pgrep haproxy", "process haproxy"),
        ("pgrep -x '^haproxy$'", "process haproxy"),
        ("pgrep -f 'python.*api'", ""),
        ("pgrep -u www nginx", ""),
        ("pidof haproxy 2>/dev/null || exit 1", "process haproxy"),
        ("sh -c 'pidof haproxy > /dev/null 2>&1'", "process haproxy"),
        ("bash -c 'pidof haproxy && pidof nginx'", ""),
        ("nc -z localhost 80", "tcp 127.0.0.1:80"),
        ("nc -zv -w2 2001:db8::7 80", "tcp [2001:db8::7]:80"),
        ("nc -zu 10.0.0.1 53", ""),
        ("nc 10.0.0.1 53", ""),
        ("nc -z mail.example.org 25", ""),
        ("nc -z 10.0.0.1 70000", ""),
        ("</dev/tcp/127.0.0.1/80", "tcp 127.0.0.1:80"),
        ("bash -c 'echo > /dev/tcp/10.0.0.9/443'", "tcp 10.0.0.9:443"),
        ("curl -fsS -o /dev/null http://127.0.0.1:8080/ok", "http http://127.0.0.1:8080/ok"),
        ("curl --silent --fail localhost:8080", "http http://127.0.0.1:8080/"),
        ("curl -k https://127.0.0.1/ok", ""),
        ("curl -H 'Host: a' http://127.0.0.1/", ""),
        ("curl http://localhost.example.org/", ""),
        ("wget -q --spider -T 2 http://10.0.0.7/", "http http://10.0.0.7/"),
        ("test -e /run/ok", "file /run/ok"),
        ("[ -f /run/ok ]", "file /run/ok"),
        ("test ! -f /run/out", ""),
        ("test -s /run/ok", ""),
        ("/etc/keepalived/check.sh", ""),
        ("'", ""),
        ("", ""),
    ],
)
def test_what_everybody_writes_is_a_probe(command: str, found: str) -> None:
    target = probe(command_of(command))
    assert (f"{KINDS[type(target)]} {target}" if target else "") == found


def test_the_hosts_of_a_ping() -> None:
    found = pinged(command_of("/bin/ping -c 1 -W 1 -I eth0 192.0.2.9 192.0.2.9"))
    assert [str(each) for each in found] == ["192.0.2.9"]
    assert not pinged(command_of("ping -c 1 example.org"))


def test_a_script_is_looked_for_beside_the_file_first(tmp_path: Path) -> None:
    at_home, beside = tmp_path / "opt/checks", tmp_path / "here/checks"
    for folder, status in ((at_home, 1), (beside, 0)):
        folder.mkdir(parents=True)
        (folder / "busy").write_text(f"#!/bin/sh\nexit {status}\n")
    found = of_script(tmp_path / "here", f"{at_home}/busy")
    assert (found.folder / "cluster.d/checks/busy").read_text() == "#!/bin/sh\nexit 0\n"


def test_a_script_is_read_at_its_path(tmp_path: Path) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    (elsewhere / "busy").write_text("#!/bin/sh\nexit 1\n")
    found = of_script(here, f"{elsewhere}/busy")
    assert (found.folder / "cluster.d/checks/busy").read_text() == "#!/bin/sh\nexit 1\n"


def test_an_interpreter_that_was_named_is_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "busy").write_text("exit 1\n")
    found = of_script(tmp_path, "/bin/bash /opt/busy")
    assert (found.folder / "cluster.d/checks/busy").read_text() == "#!/bin/bash\nexit 1\n"


def test_what_is_elsewhere_and_no_script_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secrets").write_text("root:x:0\n")
    (tmp_path / "here").mkdir()
    found = of_script(tmp_path / "here", f"/bin/sh {tmp_path}/elsewhere/secrets")
    assert found.says("k.conf:2", "does not name an interpreter")
    assert not (found.folder / "cluster.d").exists()


@pytest.mark.parametrize(
    "line,told",
    [
        ("killall keepalived", True),
        ("    /usr/bin/pkill -9 keepalived", True),
        ("test -e /x || systemctl stop keepalived.service", True),
        ("service keepalived stop", True),
        ("# killall keepalived", False),
        ("pidof keepalived", False),
    ],
)
def test_a_script_that_ends_keepalived_is_told(line: str, told: bool, tmp_path: Path) -> None:
    (tmp_path / "busy").write_text(f"#!/bin/sh\n{line}\n")
    assert of_script(tmp_path, "/opt/busy").says("k.conf:2", "stops keepalived to give way") is told


def make_wrong(path: Path, kind: str) -> None:
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "binary":
            path.write_bytes(b"\x7fELF\x02\xff\xfe")
        case "huge":
            path.write_bytes(b"#!/bin/sh\n" + b"#" * MAX_BYTES)
        case "nothing named":
            path.write_text("exit 0\n")
        case "of Windows":
            path.write_bytes(b"#!/bin/sh\r\nexit 0\r\n")


@pytest.mark.parametrize(
    "kind,said",
    [
        ("folder", "busy is no file"),
        ("pipe", "busy is no file"),
        ("binary", "not UTF-8 text"),
        ("huge", "are the limit"),
        ("nothing named", "does not name an interpreter"),
        ("of Windows", "Windows"),
    ],
)
def test_a_script_that_no_node_can_run_is_told(kind: str, said: str, tmp_path: Path) -> None:
    make_wrong(tmp_path / "busy", kind)
    found = of_script(tmp_path, "/opt/busy", 'notify "/opt/busy"')
    assert found.says("k.conf:2", "/opt/busy: ", said, "mend it and import again")
    assert found.says("k.conf:14", "/opt/busy: ", said)
    assert (found.cluster.checks, found.cluster.hooks) == ((), ())
    assert not (found.folder / "cluster.d").exists()


def test_a_script_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, name: str) -> bytes:
        raise FileError(f"{folder / name}: cannot be read: Permission denied")

    monkeypatch.setattr(import_scripts, "read_program", refuse)
    (tmp_path / "busy").write_text("#!/bin/sh\n")
    found = of_script(tmp_path, "/opt/busy")
    assert found.says("k.conf:2", "cannot be read: Permission denied")


def test_a_name_that_no_file_may_have_becomes_one(tmp_path: Path) -> None:
    (tmp_path / "-büsy (old).sh").write_text("#!/bin/sh\nexit 0\n")
    found = of_script(tmp_path, "'/opt/-büsy (old).sh'")
    assert [path.name for path in (found.folder / "cluster.d/checks").iterdir()] == ["b-sy-old-.sh"]


def test_two_scripts_of_one_name_are_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "busy.sh").write_text(f"#!/bin/sh\n: {name}\n")
    other = 'vrrp_script T {\n script "/opt/b/busy.sh"\n}\n'
    text = INSTANCE.replace("SCRIPT", "/opt/a/busy.sh").replace("        S\n", "        S\n        T\n")
    found = imported(tmp_path, other + text.replace("NOTIFY", ""))
    assert [check.name for check in found.cluster.checks] == ["t", "s"]
    assert {path.name for path in (found.folder / "cluster.d/checks").iterdir()} == {"busy.sh", "busy-2.sh"}


def test_names_that_come_to_the_same_are_told_apart(tmp_path: Path) -> None:
    scripts = "".join(
        f'vrrp_script {name} {{\n script "killall -0 {process}"\n}}\n'
        for name, process in (("chk_a", "x"), ("chk-A", "y"), ("ü", "z"))
    )
    text = INSTANCE.replace("        S\n", "        chk_a\n        chk-A\n        ü\n").replace("NOTIFY", "")
    found = imported(tmp_path, scripts + text.replace("SCRIPT", "/opt/nowhere"))
    assert [check.name for check in found.cluster.checks] == ["chk-a", "chk-a-2", "check"]


def test_there_are_no_more_checks_and_hooks_than_a_pair_has(tmp_path: Path) -> None:
    numbers = range(1, 41)
    scripts = "".join(f'vrrp_script s{n} {{\n script "nc -z 192.0.2.9 {n}"\n}}\n' for n in numbers)
    tracked = "".join(f"        s{n}\n" for n in numbers)
    text = INSTANCE.replace("        S\n", tracked).replace("SCRIPT", "/opt/nowhere")
    lines = "\n".join(f'notify_master "/usr/bin/logger {n}"' for n in numbers)
    found = imported(tmp_path, scripts + text.replace("NOTIFY", lines))
    assert (len(found.cluster.checks), len(found.cluster.hooks)) == (32, 16)
    assert "there are 32 checks at most" in found.report
    assert "there are 16 hooks at most" in found.report


def test_what_the_second_node_alone_tracks_is_looked_at(tmp_path: Path) -> None:
    tracking = INSTANCE.replace("SCRIPT", "pidof x").replace("NOTIFY", "")
    found = imported(tmp_path, tracking.replace("        S\n", ""), tracking)
    assert [check.name for check in found.cluster.checks] == ["s"]
    assert "nothing tracks it" not in found.report


def test_what_one_node_alone_has_is_told(tmp_path: Path) -> None:
    (tmp_path / "moved").write_text("#!/bin/sh\n")
    one = INSTANCE.replace("SCRIPT", "pidof x")
    other = one.replace("NOTIFY", 'notify "/opt/moved"').replace("vrrp_script S", "vrrp_script T")
    found = imported(tmp_path, one.replace("NOTIFY", ""), other.replace("        S\n", "        T\n"))
    assert found.says("k.conf:2", "vrrp_script S", "both nodes look at it now")
    assert found.says("other.conf:14", "it runs on both nodes now", "HOTSPARE_NODE")
