"""hactl as an administrator uses it, against daemons that run."""

import json
import signal
import subprocess
import sys

import pytest

from .pair import DROP_ADDRESSES, MAC, OWN, Pair, TestNode
from .waiting import stretched, wait_for


def hactl(node: TestNode, *arguments: str) -> "subprocess.CompletedProcess[str]":
    socket = str(node.folder / "run" / "control.sock")
    command = [sys.executable, "-P", "-c", "from hadaemon.cli.main import main; raise SystemExit(main())"]
    return subprocess.run(
        [*command, "--socket", socket, *arguments],
        capture_output=True,
        text=True,
        timeout=stretched(10),
        check=False,
    )


def test_status_of_both_nodes(pair: Pair) -> None:
    pair.start()
    wait_for("the spare hears the master", lambda: pair.beta.status()["status"]["peer"], within=2)
    alpha, beta = hactl(pair.alpha, "status"), hactl(pair.beta, "status", "--verbose")
    assert (alpha.returncode, alpha.stderr) == (0, "")
    first, second = alpha.stdout.splitlines()[:2]
    assert first == "unknown: without a hotwire this node does not hear whether the other one is ready"
    assert second.startswith("alpha (master) of cluster office: ACTIVE for ")
    assert "192.168.12.1/24 (here)" in alpha.stdout
    assert MAC["alpha"]["lan"] in hactl(pair.alpha, "status", "--verbose").stdout
    first, second = beta.stdout.splitlines()[:2]
    assert first == "redundant: a takeover would work now"
    assert second.startswith("beta (spare) of cluster office: BACKUP for ")
    assert (
        f"peer: active, {OWN['alpha']['wan']}" in beta.stdout
        or f"peer: active, {OWN['alpha']['lan']}" in beta.stdout
    )
    assert "(here)" not in beta.stdout


def test_status_as_json(pair: Pair) -> None:
    pair.start()
    answer = json.loads(hactl(pair.alpha, "status", "--json").stdout)
    assert answer["schema"] == 2
    assert answer["status"]["state"] == "active"
    assert [port["interface"] for port in answer["ports"]] == ["lan", "wan"]


def test_a_wrong_mac_is_shown_beside_the_hardware_that_is_there(pair: Pair) -> None:
    pair.alpha.configure()
    path = pair.alpha.state_folder / "node.toml"
    path.write_text(path.read_text().replace(MAC["alpha"]["lan"], "52:54:00:48:0a:99"))
    pair.alpha.start()
    pair.alpha.wait_state("active")
    shown = hactl(pair.alpha, "status").stdout
    assert "no network card has its MAC address 52:54:00:48:0a:99" in shown
    assert "hardware that no port is bound to" in shown
    assert MAC["alpha"]["lan"] in shown


def test_reload(pair: Pair) -> None:
    pair.start()
    assert "nothing to do" in hactl(pair.alpha, "reload").stdout
    pair.alpha.cluster = pair.alpha.cluster.replace("office", "home")
    pair.alpha.configure()
    assert hactl(pair.alpha, "reload").stdout == "applied: cluster\n"
    (pair.alpha.state_folder / "cluster.toml").write_text("nonsense")
    refused = hactl(pair.alpha, "reload")
    assert refused.returncode == 1
    assert "cluster.toml" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_history_outlives_the_daemon_and_tells_how_it_ended(pair: Pair) -> None:
    pair.start()
    alpha = pair.alpha
    alpha.signal(signal.SIGKILL)
    alpha.wait_end()
    alpha.namespace.run(*DROP_ADDRESSES)
    pair.wait_holder(pair.beta)
    alpha.start()
    alpha.wait_state("active")
    alpha.signal(signal.SIGTERM)
    assert alpha.wait_end() == 0
    folder = str(alpha.state_folder / "daemon")
    told = json.loads(hactl(alpha, "history", "--json", "--folder", folder).stdout)
    changes = [(change["before"], change["after"]) for change in told["changes"]]
    first_life = [("off", "backup"), ("backup", "active"), ("active", "off")]
    assert changes == [*first_life, ("off", "backup"), ("backup", "active"), ("active", "off")]
    assert [change["seconds"] is None for change in told["changes"]] == [False, False, True] + 3 * [False]
    assert "without a word" in told["changes"][2]["reason"]
    assert "stopped: shutdown" in told["changes"][-1]["reason"]
    shown = hactl(alpha, "history", "--last", "1", "--folder", folder).stdout.splitlines()
    assert len(shown) == 2
    assert "active -> off" in shown[1]


def test_a_history_that_cannot_be_written_is_a_problem_and_nothing_more(pair: Pair) -> None:
    pair.alpha.configure()
    (pair.alpha.state_folder / "daemon").write_text("in the way")
    pair.alpha.start()
    pair.alpha.wait_state("active")
    pair.alpha.wait_problem("history.jsonl", within=2)


@pytest.mark.parametrize("arguments", [("status",), ("reload",)])
def test_without_a_daemon(pair: Pair, arguments: tuple[str, ...]) -> None:
    done = hactl(pair.alpha, *arguments)
    assert done.returncode == 3
    assert "the daemon does not answer" in done.stderr
    assert "Traceback" not in done.stderr
