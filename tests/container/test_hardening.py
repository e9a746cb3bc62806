"""What the appliance does not do: run as root, have default passwords, tell everybody its state."""

import re
from pathlib import Path

import pytest

from tests.lab.container import Container

from .pair import ContainerPair

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
UNITS = ROOT / "rootfs-overlay" / "usr" / "lib" / "systemd" / "system"
EXPOSURE_LIMIT = 2.2
UNIT_LIMIT = 3.0
"""Of a unit that the manual does not name."""
NODES = ["alpha", "beta"]
CRYPT_HASH = re.compile(r"[$_]|[./0-9A-Za-z]{13}$")
"""What crypt(3) could ever verify: a hash with a prefix, or the 13 characters of DES."""


def exposure(alpha: Container, unit: str) -> float:
    """What systemd says of it: 0 to 10, the lower the better."""
    file = f"/usr/lib/systemd/system/{unit}.service"
    report = alpha.run(f"systemd-analyze --no-pager security --offline=true {file}", root=True).output
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
    assert found, report
    return float(found[1])


def documented() -> dict[str, float]:
    """What the manual says of units that may more than others."""
    rows = re.findall(r"^\| ((?:`hotspare-\S+`(?:, )?)+) \| ([0-9.]+) \|", PAGE, re.MULTILINE)
    return {unit: float(most) for units, most in rows for unit in re.findall(r"`(\S+)`", units)}


def test_the_daemons_sandbox_scores_well(image_pair: ContainerPair) -> None:
    assert exposure(image_pair.node("alpha"), "hadaemon") <= EXPOSURE_LIMIT


def test_no_unit_of_ours_is_softer_than_the_manual_says(image_pair: ContainerPair) -> None:
    alpha, most = image_pair.node("alpha"), documented()
    units = [file.stem for file in UNITS.glob("*.service")]
    assert set(most) < set(units)
    found = {unit: exposure(alpha, unit) for unit in units}
    softer = {unit: score for unit, score in found.items() if score > most.get(unit, UNIT_LIMIT)}
    assert not softer, softer
    harder = {unit: most[unit] for unit, score in found.items() if unit in most and score <= UNIT_LIMIT}
    assert not harder, f"take them out of the table: {harder}"


def test_sudo_alone_runs_as_root_whoever_starts_it(image_pair: ContainerPair) -> None:
    found = image_pair.node("alpha").run("find / -xdev -perm /6000 -type f", root=True).output
    assert found.split() == ["/usr/bin/sudo"]


def test_the_daemon_is_not_root(image_pair: ContainerPair) -> None:
    alpha = image_pair.node("alpha")
    pid = alpha.status()["pid"]
    status = dict(
        line.split(":\t", 1) for line in alpha.run(f"cat /proc/{pid}/status", root=True).output.splitlines()
    )
    assert set(status["Uid"].split()) == {"900"}
    assert set(status["Gid"].split()) == {"900"}
    assert status["NoNewPrivs"].strip() == "1"
    for which in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[which], 16) == 1 << 12 | 1 << 13, f"{which}: more than net_admin and net_raw"


@pytest.mark.parametrize("name", NODES)
def test_only_the_hotwires_own_services_listen_and_on_its_port_alone(
    image_pair: ContainerPair, name: str
) -> None:
    node = image_pair.node(name)
    links = node.run("ip -o link").output.splitlines()
    (hotwire,) = [line.split(": ")[1] for line in links if image_pair.mac(name, "hotwire") in line]
    hotwire = hotwire.partition("@")[0]
    (own,) = re.findall(r"inet (\S+)/", node.run(f"ip -4 -o address show dev {hotwire}").output)
    listening = [line.split() for line in node.run("ss -H -ltunp", root=True).output.splitlines()]
    # conntrackd sends from a socket of its own that it never reads; the firewall lets nothing reach it.
    listening = [
        fields
        for fields in listening
        if '"conntrackd"' not in fields[-1] or not fields[4].startswith("0.0.0.0:") or fields[0] != "udp"
    ]
    services = {(fields[0], fields[4].rpartition(":")[2]) for fields in listening}
    assert services == {("udp", "3780"), ("udp", "3781"), ("tcp", "3782")}
    for fields in listening:
        assert f"%{hotwire}:" in fields[4] or fields[4] == f"{own}:3780", f"{fields[4]} is not the hotwire's"


@pytest.mark.parametrize("name", NODES)
def test_only_the_preseeded_password_opens_anything(image_pair: ContainerPair, name: str) -> None:
    shadow = image_pair.node(name).run("cat /etc/shadow", root=True).output
    hashes = {line.split(":")[0]: line.split(":")[1] for line in shadow.splitlines()}
    assert {user for user, value in hashes.items() if CRYPT_HASH.match(value)} == {"admin"}
    assert "" not in hashes.values(), "an empty field is a login without a password"
    assert hashes["admin"].startswith("$6$")


@pytest.mark.parametrize("name", NODES)
def test_state_is_readable_only_by_those_who_need_it(image_pair: ContainerPair, name: str) -> None:
    modes = image_pair.node(name).run("cd /data/state && stat -c '%n %a %U %G' . *.toml", root=True).output
    assert set(modes.splitlines()) == {
        ". 750 root hadaemon",
        "admin.toml 600 root root",
        "cluster.toml 640 root hadaemon",
        "node.toml 640 root hadaemon",
    }


@pytest.mark.parametrize("name", NODES)
def test_no_unit_fails(image_pair: ContainerPair, name: str) -> None:
    assert image_pair.node(name).run("systemctl --failed --plain --no-legend").output.strip() == ""


def test_systemd_finds_nothing_wrong_with_our_units(image_pair: ContainerPair) -> None:
    units = "$(ls /usr/lib/systemd/system/hotspare-* /usr/lib/systemd/system/hadaemon* | grep -v '@\\.')"
    said = image_pair.node("alpha").run(f"systemd-analyze verify --man=no {units}", root=True, seconds=120)
    assert said.output == ""
