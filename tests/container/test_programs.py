"""The image's own programs read a configuration before it counts, within the bounds that they run in."""

import base64
import re
from pathlib import Path

import pytest

from tests.lab.container import Container

from .pair import ContainerPair

UNITS = Path(__file__).parents[2] / "rootfs-overlay/usr/lib/systemd/system"
SITE = "/run/site"
HOTWIRE = '[hotwire]\naddresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }\n'
FOLLOW = """
[follow.haproxy]
enabled = true
[[follow.pppoe]]
name = "ppp0"
port = "lan"
vlan = 7
user = "me@provider.example"
password = "very # secret"
[ssh]
ports = ["lan"]
"""
RULES = "frontend web\n    mode tcp\n    timeout client 5s\n    bind :443\n    {line}\n"
BOUNDS = re.compile(
    r"^((?:Capability|NoNew|Protect|Private|ReadWrite|Restrict|Lock|Memory|SystemCall)\w*)=(.*)$",
    re.MULTILINE,
)


def write(node: Container, name: str, text: str) -> None:
    coded = base64.b64encode(text.encode()).decode()
    node.run(f"mkdir -p $(dirname {SITE}/{name}) && echo {coded} | base64 -d >{SITE}/{name}", root=True)


@pytest.fixture
def node(pair: ContainerPair) -> Container:
    """The spare, with the files of a cluster beside those that count."""
    beta = pair.node("beta")
    text = beta.run("cat /data/state/cluster.toml", root=True).output
    write(beta, "cluster.toml", text.replace("[hotwire]\n", HOTWIRE) + FOLLOW)
    return beta


def bounds_of_the_keeper() -> str:
    """What holds the program that the other node's configuration is checked by."""
    unit = (UNITS / "hotspare-keeper@.service").read_text()
    return " ".join(f"--property='{key}={value}'" for key, value in BOUNDS.findall(unit))


@pytest.mark.parametrize("bound", [False, True])
def test_haproxy_s_part_is_read_by_haproxy(node: Container, bound: bool) -> None:
    before = f"systemd-run --quiet --pipe --wait {bounds_of_the_keeper()} " if bound else ""
    check = f"{before}hactl config check --cluster {SITE}/cluster.toml 2>&1"
    write(node, "cluster.d/haproxy/own.cfg", RULES.format(line="option tcplog"))
    said = node.run(check, root=True).output
    assert said.startswith("good")
    assert "not tried" not in said
    write(node, "cluster.d/haproxy/own.cfg", RULES.format(line="nonsense"))
    said = node.run(f"{check}; test $? = 1", root=True).output
    assert "cluster.d/haproxy/own.cfg: line 5: HAProxy: unknown keyword 'nonsense'" in said
    assert node.run("ls /run/hotspare | grep haproxy-; test $? = 1", root=True).output == ""
