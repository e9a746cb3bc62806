"""The programs that read what is written are asked what they think of it before that counts."""

import sys
from pathlib import Path

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.follow.haproxy_words import haproxy_reasons
from hadaemon.io.programs import asked, dnsmasq, haproxy, pppd, sshd
from hadaemon.io.programs.asked import Asked
from hadaemon.operations.check import check_files
from hadaemon.operations.check_folder import check_folder
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.own_node import OwnNode
from hadaemon.state import programs_check
from hadaemon.state.programs_check import Found, ask_programs, tree_haproxy
from hadaemon.sync.errors import SyncError
from hadaemon.sync.tree import make_tree
from tests.unit.config.test_follow import CLUSTER, FOLLOW, NODE

SSH = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["10.0.0.2/24"]
[ssh]
ports = ["lan"]
"""
PROXIED = CLUSTER + "[follow.haproxy]\nenabled = true\n"
GOOD = "frontend web\n    mode tcp\n    timeout client 5s\n    bind 192.168.175.101:443 transparent\n"
BAD = GOOD + "    nonsense\n"


def script(folder: Path, text: str) -> str:
    """A program that stands in for one of the system's."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\nimport sys\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_what_is_right_is_taken():
    node = load_node(NODE)
    assert ask_programs(node, load_cluster(CLUSTER + FOLLOW), {"own.cfg": GOOD}).problems == ()
    assert ask_programs(node, load_cluster(CLUSTER), {}) == Found()
    assert ask_programs(load_node(SSH), None, {}) == Found()


def test_what_a_program_refuses_is_told_in_its_words():
    (said,) = dnsmasq.ask_dnsmasq("dhcp-range=nonsense\n").refused
    assert "bad dhcp-range" in said
    (said,) = sshd.ask_sshd("PidFile none\nNonsense yes\n").refused
    assert said == "line 2: Bad configuration option: Nonsense"
    assert haproxy.ask_haproxy({"00-hotspare.cfg": "global\n", "own.cfg": BAD}).refused == (
        "cluster.d/haproxy/own.cfg: line 5: HAProxy: unknown keyword 'nonsense' in 'frontend' section",
    )


def test_a_host_key_that_is_not_there_yet_is_no_mistake():
    assert sshd.ask_sshd("HostKey /nowhere/key\n") == Asked()


@pytest.mark.parametrize("program", [dnsmasq, haproxy, pppd, sshd])
def test_where_there_is_no_such_program_nothing_is_said(monkeypatch: pytest.MonkeyPatch, program):
    name = program.__name__.rpartition(".")[2]
    monkeypatch.setattr(program, name.upper(), "/nowhere/program")
    ask = getattr(program, f"ask_{name}")
    assert ask({"own.cfg": BAD} if program is haproxy else "nonsense\n") == Asked()


@pytest.mark.parametrize(
    "status, said, answer",
    [
        (2, "/usr/sbin/pppd: In file /dev/stdin: unrecognized option 'x'\n", ("unrecognized option 'x'",)),
        (2, "/usr/sbin/pppd: mtu value must be at most 9\n", ("mtu value must be at most 9",)),
        (2, "/usr/sbin/pppd: using the ifname option requires root privilege\n", None),
        (3, "/usr/sbin/pppd: must be root to run pppd, since it is not setuid-root\n", ()),
        (4, "Couldn't open the /dev/ppp device: No such file or directory\n", ()),
    ],
)
def test_pppd_is_believed_about_its_options_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str, answer: tuple[str, ...] | None
):
    monkeypatch.setattr(
        pppd, "PPPD", script(tmp_path, f"sys.stdin.read(); sys.stderr.write({said!r}); sys.exit({status})")
    )
    heard = pppd.ask_pppd("noauth\n")
    assert heard.refused == (answer or ())
    assert bool(heard.unasked) is (answer is None)


def test_pppd_sees_no_password(monkeypatch: pytest.MonkeyPatch):
    shown: list[str] = []
    monkeypatch.setattr(programs_check, "ask_pppd", lambda text: shown.append(text) or Asked())
    ask_programs(load_node(NODE), load_cluster(CLUSTER + FOLLOW), {})
    (options,) = shown
    assert 'user "me@provider.example"' in options
    assert "secret" not in options
    assert "plugin" not in options


def test_haproxy_reads_all_files_together_and_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = {"00-hotspare.cfg": "global\n    localpeer alpha\n", "own.cfg": GOOD + "    default_backend mial\n"}
    (reason,) = haproxy.ask_haproxy(own).refused
    assert reason.startswith("cluster.d/haproxy: HAProxy: ")
    assert "'mial'" in reason
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_takes_too_long_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asked, "TIMEOUT", 0.2)
    monkeypatch.setattr(haproxy, "HAPROXY", script(tmp_path, "import time; time.sleep(60)"))
    found = ask_programs(load_node(NODE), load_cluster(PROXIED), {"own.cfg": GOOD})
    assert found.problems == ()
    assert found.notes == ("[follow.haproxy] was not tried: program: not done in 0.2 s",)


def test_a_program_that_fails_for_another_reason_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        haproxy, "HAPROXY", script(tmp_path, "sys.stderr.write('Failed to start unit\\n'); sys.exit(1)")
    )
    heard = haproxy.ask_haproxy({"own.cfg": GOOD})
    assert heard == Asked(unasked="haproxy: Failed to start unit")


def alert(text: str) -> str:
    return f"[ALERT]    (4711) : config : {text}\n"


def test_haproxy_s_words_name_the_administrator_s_file():
    said = (
        "[NOTICE]   (4711) : haproxy version is 3.0.11\n"
        + "[WARNING]  (4711) : config : something odd\n"
        + alert("parsing [/run/hotspare/haproxy-x/mail.cfg:14]: 'user' expects <name> as arguments.")
        + alert("[/run/hotspare/haproxy-x/mail.cfg:24] : 'server mail/m' : unknown keyword 'chck'")
        + alert("parsing [/run/hotspare/haproxy-x/00-hotspare.cfg:3] : wrong")
        + alert("Proxy 'smtp': unable to find required default_backend: 'mial'.")
        + alert("Error(s) found in configuration file : /run/hotspare/haproxy-x/mail.cfg")
        + alert("Fatal errors found in configuration.")
    )
    assert haproxy_reasons(said, {}) == (
        "cluster.d/haproxy/mail.cfg: line 14: HAProxy: 'user' expects <name> as arguments.",
        "cluster.d/haproxy/mail.cfg: line 24: HAProxy: 'server mail/m' : unknown keyword 'chck'",
        "follow.haproxy: what cluster.toml makes of it: line 3: HAProxy: wrong",
        "cluster.d/haproxy: HAProxy: Proxy 'smtp': unable to find required default_backend: 'mial'.",
    )


def test_haproxy_s_words_are_few_and_have_no_password():
    said = alert("parsing [/x/own.cfg:1] : 'user bob' : unknown keyword 's3cret', after 'password'")
    (reason,) = haproxy_reasons(said, {"own.cfg": "user bob password 's3cret' more\n"})
    assert "s3cret" not in reason
    assert "'user bob' : unknown keyword '…'" in reason
    many = "".join(alert(f"parsing [/x/own.cfg:{line}] : wrong") for line in range(30))
    assert len(haproxy_reasons(many, {})) == 11
    assert haproxy_reasons(many, {})[-1] == "cluster.d/haproxy: HAProxy has 20 more errors"
    assert len(haproxy_reasons(alert("x" * 9999), {})[0]) < 400


def test_the_administrator_s_part_of_a_tree_is_what_the_node_will_read():
    tree = make_tree(
        {
            "cluster.toml": b"",
            "cluster.d/haproxy/own.cfg": b"a",
            "cluster.d/haproxy/00-hotspare.cfg": b"b",
            "cluster.d/haproxy/deeper/own.cfg": b"c",
            "cluster.d/haproxy/note.txt": b"d",
        },
        "here",
    )
    assert tree_haproxy(tree) == {"own.cfg": "a"}
    with pytest.raises(SyncError, match=r"own\.cfg: not UTF-8 text at byte 0"):
        tree_haproxy(make_tree({"cluster.toml": b"", "cluster.d/haproxy/own.cfg": b"\xff"}, "here"))


def test_a_refusal_is_one_of_the_configuration_on_every_way(tmp_path: Path):
    """Applying and synchronizing, `hactl config check`, a changed node.toml, and a folder on a laptop."""
    reason = "cluster.d/haproxy/own.cfg: line 5: HAProxy: unknown keyword 'nonsense' in 'frontend' section"
    site, state = tmp_path / "site", tmp_path / "state"
    (site / "cluster.d/haproxy").mkdir(parents=True)
    state.mkdir()
    here = OwnConfiguration(state, tmp_path / "no-daemon")
    (state / "node.toml").write_text(NODE)
    (site / "node.toml").write_text(NODE)
    (site / "cluster.toml").write_text(PROXIED)
    for text, problems in ((GOOD, ()), (BAD, (reason,))):
        (site / "cluster.d/haproxy/own.cfg").write_text(text)
        tree = make_tree(
            {"cluster.toml": PROXIED.encode(), "cluster.d/haproxy/own.cfg": text.encode()}, "here"
        )
        assert check_files(site / "node.toml", site / "cluster.toml").problems == problems
        assert tuple(check_folder(site).problems) == problems
        assert refusals(lambda tree=tree: here.check(tree)) == problems
        assert refusals(lambda: OwnNode(site, tmp_path / "no-daemon").check(NODE)) == problems


def refusals(check) -> tuple[str, ...]:
    try:
        check()
    except Refused as refused:
        return refused.problems
    return ()
