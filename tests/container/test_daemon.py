"""The daemon as its unit runs it."""

from .pair import ContainerPair


def test_a_stopped_daemon_is_ended_by_the_watchdog(pair: ContainerPair) -> None:
    alpha = pair.node("alpha")
    before = alpha.status()["pid"]
    alpha.run("systemctl kill --signal=SIGSTOP hadaemon", root=True)
    alpha.wait_until("hactl status")
    assert alpha.status()["pid"] != before
    assert "watchdog" in alpha.run("journalctl -u hadaemon --no-pager | tail -50", root=True).output.lower()
    pair.wait_ready()
