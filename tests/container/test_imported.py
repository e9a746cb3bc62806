"""What `python3 invoke.py import` makes of keepalived's scripts, run by two nodes of the image."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.topology import STANDARD_PAIR, PlannedNode
from firmware.paths import ROOT
from tests.lab.container import Container

from .pair import ContainerPair, containers

KEEPALIVED = """
vrrp_script queue {{
    script "/etc/keepalived/queue.sh 5"
    interval 1
    fall 2
    rise 2
}}
vrrp_script held {{
    script "test -e /run/not_held"
    interval 1
}}
vrrp_sync_group both {{
    group {{
        INSIDE
        OUTSIDE
    }}
    notify /etc/keepalived/moved.sh
    notify_master "/etc/keepalived/told.sh up"
}}
vrrp_instance INSIDE {{
    state {state}
    interface lan
    virtual_router_id 1
    priority {priority}
    virtual_ipaddress {{
        192.168.12.1/24
    }}
    track_script {{
        queue
        held
    }}
}}
vrrp_instance OUTSIDE {{
    state {state}
    interface wan
    virtual_router_id 2
    priority {priority}
    virtual_ipaddress {{
        192.168.175.101/24
    }}
}}
"""
CONNTRACKD = """
Sync {{
    Mode FTFW {{
    }}
    UDP {{
        IPv4_address {own}
        IPv4_Destination_Address {other}
        Interface hotwire
    }}
}}
General {{
    UNIX {{
        Path /var/run/conntrackd.ctl
    }}
}}
"""
SCRIPTS = {
    "queue.sh": "#!/bin/bash\n# Fewer wait than the first argument says.\nwaiting=$(cat /run/waiting)\n"
    'echo "$waiting wait"\ntest "$waiting" -lt "$1"\n',
    "moved.sh": '#!/bin/sh\necho "moved: $*"\n',
    "told.sh": '#!/bin/sh\necho "told: $1, $#"\n',
}
SITE = "/run/site"
SECONDS = 60.0


def _of_old_box(node: PlannedNode) -> str:
    """What `ip -details -json address` printed there."""
    return json.dumps(
        [
            {
                "ifname": port.name,
                "address": port.mac,
                "addr_info": [
                    {
                        "family": "inet",
                        "local": str(own.ip),
                        "prefixlen": own.network.prefixlen,
                        "scope": "global",
                    }
                    for own in port.addresses
                ],
            }
            for port in node.ports
        ]
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported from the files of two boxes, by the command that is typed."""
    here = tmp_path_factory.mktemp("imported")
    for name, text in SCRIPTS.items():
        (here / name).write_text(text)
    command = ["import"]
    for node, state, priority in zip(STANDARD_PAIR.nodes, ("MASTER", "BACKUP"), (150, 100), strict=True):
        own, other = (
            each.port("hotwire").addresses[0].ip
            for each in sorted(STANDARD_PAIR.nodes, key=lambda each: each is not node)
        )
        (here / f"{node.name}.conf").write_text(KEEPALIVED.format(state=state, priority=priority))
        (here / f"{node.name}.conntrackd").write_text(CONNTRACKD.format(own=own, other=other))
        (here / f"{node.name}.json").write_text(_of_old_box(node))
        command += [str(here / f"{node.name}.conf"), "--conntrackd", str(here / f"{node.name}.conntrackd")]
        command += ["--ip", str(here / f"{node.name}.json"), "--name", node.name]
    for arguments in ([*command, "--into", str(here / "site")], ["check", str(here / "site")]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "firmware", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return here / "site"


@pytest.fixture(scope="module")
def imported(image: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerPair]:
    """Both nodes work with what was imported: alpha is active, beta its backup, and nothing is wrong."""
    with containers(image, STANDARD_PAIR, tmp_path_factory.mktemp("pair")) as pair:
        pair.wait_ready()
        for name, node in pair.nodes.items():
            _let_wait(node, 1)
            node.run("touch /run/not_held", root=True)
            _take(node, site, name)
        pair.wait_ready()
        yield pair


def _take(node: Container, site: Path, name: str) -> None:
    """As an administrator puts it there: its own file, then everything of both."""
    for file in (*site.rglob("cluster.*"), *(site / "cluster.d").rglob("*"), site / name / "node.toml"):
        if file.is_file():
            place = f"{SITE}/{file.relative_to(site)}"
            coded = base64.b64encode(file.read_bytes()).decode()
            node.run(f"mkdir -p $(dirname {place}) && echo {coded} | base64 -d >{place}", root=True)
    node.run(f"cat {SITE}/{name}/node.toml >/data/state/node.toml", root=True)
    node.run(f"hactl config apply {SITE}", root=True)


def _let_wait(node: Container, count: int) -> None:
    node.run(f"echo {count} >/run/waiting.new && mv /run/waiting.new /run/waiting", root=True)


def _checks(node: Container) -> dict[str, tuple[bool, str]]:
    """Whether each has failed, and what it said."""
    return {each["name"]: (each["failed"], each["said"]) for each in node.status()["status"]["checks"]}


def _said(program: str, words: str) -> str:
    """A command that finds what a hook has printed."""
    return f"journalctl --boot --no-pager -o cat -t hotspare-program | grep -x '{program}.sh: {words}'"


def test_a_check_that_was_imported_counts_and_the_hooks_are_told(imported: ContainerPair) -> None:
    alpha, beta = imported.node("alpha"), imported.node("beta")
    assert {name: failed for name, (failed, _) in _checks(alpha).items()} == {"queue": False, "held": False}
    _let_wait(alpha, 9)
    beta.wait_for_state("active")
    alpha.wait_for_state("backup")
    assert _checks(alpha)["queue"] == (True, "ended with 1: 9 wait")
    assert alpha.status()["status"]["score"]["failed_checks"] == 1
    alpha.wait_until(_said("moved", "moved: GROUP both BACKUP 150"), root=True)
    beta.wait_until(_said("moved", "moved: GROUP both MASTER 150"), root=True)
    beta.wait_until(_said("told", "told: up, 1"), root=True)
    _let_wait(alpha, 4)
    alpha.wait_for_state("active")
    alpha.wait_until(_said("told", "told: up, 1"), root=True)
    assert _checks(alpha)["queue"][0] is False
    for node in imported.nodes.values():
        found = {problem["kind"] for problem in node.status()["status"]["problems"]}
        assert not found & {"check-failed", "hook-failed"}


def test_a_probe_that_was_imported_looks_at_the_node(imported: ContainerPair) -> None:
    alpha, beta = imported.node("alpha"), imported.node("beta")
    imported.wait_ready()
    alpha.run("rm /run/not_held", root=True)
    beta.wait_for_state("active")
    assert _checks(alpha)["held"] == (True, "there is no /run/not_held")
    alpha.run("touch /run/not_held", root=True)
    imported.wait_ready()
