"""docs/configuration.md, "Coming from keepalived": two instances over one synchronization link, in our words.

The VLAN is a network card here: not every kernel that runs these tests has 802.1Q.
"""

import re
from pathlib import Path

from .hotwire import HotwireNode, HotwirePair, unprotected
from .pair import MAC, PORTS
from .waiting import wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml (\S+)\n(.*?)```", PAGE, re.DOTALL))
OWN = {
    "alpha": {"lan": "192.168.1.1", "wan": "10.10.2.253", "hotwire": "10.10.1.1"},
    "beta": {"lan": "192.168.1.2", "wan": "10.10.2.252", "hotwire": "10.10.1.2"},
}
VIRTUAL = {"lan": "192.168.1.10", "wan": "10.10.2.254"}


def configure(node: HotwireNode) -> None:
    """The page's files; the second node differs by its name, its cards and its own addresses."""
    node.configure()
    own, ours = OWN["alpha"], OWN[node.name]
    text = EXAMPLES["fw01.toml"].replace(f'[ports.inside]\nmac = "{MAC["alpha"]["wan"]}"\n', "")
    text = text.replace('parent = "inside"\nvlan = 2\n', f'mac = "{MAC["alpha"]["wan"]}"\n')
    if node.name == "beta":
        text = text.replace("fw01", "fw02").replace("48:0a:", "48:0b:")
    for port in ours:
        text = text.replace(f'"{own[port]}/24"', f'"{ours[port]}/24"')
        node.namespace.run("ip", "address", "flush", "dev", port, "scope", "global")
        node.namespace.run("ip", "address", "add", f"{ours[port]}/24", "dev", port)
    (node.state_folder / "node.toml").write_text(text)
    (node.state_folder / "cluster.toml").write_text(unprotected(EXAMPLES["firewalls.toml"]))


def held(node: HotwireNode) -> set[str]:
    """Ports that have their virtual address, as the kernel has it."""
    shown = {port: node.namespace.run("ip", "-4", "-o", "address", "show", "dev", port) for port in PORTS}
    return {port for port in PORTS if f" {VIRTUAL[port]}/24 " in shown[port]}


def wait_holder(holder: HotwireNode, other: HotwireNode) -> None:
    wait_for(
        f"{holder.name} alone has both",
        lambda: (held(holder), held(other)) == (set(PORTS), set()),
        within=15,
    )


def test_both_addresses_move_together_also_when_one_link_is_lost(wired: HotwirePair) -> None:
    for node in wired.hot_nodes:
        configure(node)
        node.start()
        node.wait_state("active" if node is wired.alpha else "backup")
    wired.wait_up()
    wait_holder(wired.alpha, wired.beta)
    assert [one["vrid"] for one in wired.alpha.status()["status"]["interfaces"]] == [1, 2]
    wired.alpha.pull("wan")
    wait_holder(wired.beta, wired.alpha)
    wired.alpha.plug("wan")
    wait_for(
        "alpha is as healthy again",
        lambda: wired.alpha.status()["status"]["score"]["links_down"] == 0,
        within=10,
    )
    wait_holder(wired.beta, wired.alpha)
    wired.beta.signal(15)
    wait_holder(wired.alpha, wired.beta)
