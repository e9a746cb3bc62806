"""What the appliance does not do: run as root, listen, have default passwords, keep what it was told once."""

import re

import pytest

from firmware.lab.lab import Lab

EXPOSURE_LIMIT = 2.2
NODES = ["alpha", "beta"]
CRYPT_HASH = re.compile(r"[$_]|[./0-9A-Za-z]{13}$")
"""What crypt(3) could ever verify: a hash with a prefix, or the 13 characters of DES."""


def test_the_daemons_sandbox_scores_well(quiet_pair: Lab) -> None:
    report = (
        quiet_pair.node("alpha").run("systemd-analyze --no-pager security hadaemon.service", root=True).output
    )
    exposure = re.search(r"Overall exposure level for hadaemon\.service: ([0-9.]+)", report)
    assert exposure, report
    assert float(exposure[1]) <= EXPOSURE_LIMIT


def test_the_daemon_is_not_root(quiet_pair: Lab) -> None:
    alpha = quiet_pair.node("alpha")
    pid = alpha.status()["pid"]
    status = dict(
        line.split(":\t", 1) for line in alpha.run(f"cat /proc/{pid}/status", root=True).output.splitlines()
    )
    assert set(status["Uid"].split()) == {"900"}
    assert set(status["Gid"].split()) == {"900"}
    assert status["NoNewPrivs"].strip() == "1"
    for which in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[which], 16) == 1 << 12 | 1 << 13, f"{which}: more than net_admin and net_raw"


def test_the_daemon_runs_in_real_time_and_is_never_swapped_out(quiet_pair: Lab) -> None:
    alpha = quiet_pair.node("alpha")
    pid = alpha.status()["pid"]
    scheduling = alpha.run(f"chrt --pid {pid}", root=True).output
    assert "SCHED_RR" in scheduling
    locked = alpha.run(f"grep VmLck /proc/{pid}/status", root=True).output
    assert int(locked.split()[1]) > 0


@pytest.mark.parametrize("name", NODES)
def test_only_the_hotwires_own_services_listen_and_on_its_port_alone(quiet_pair: Lab, name: str) -> None:
    node = quiet_pair.node(name)
    links = node.run("ip -o link").output.splitlines()
    (hotwire,) = [line.split(": ")[1] for line in links if node.mac("hotwire") in line]
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
def test_only_the_preseeded_password_opens_anything(quiet_pair: Lab, name: str) -> None:
    shadow = quiet_pair.node(name).run("cat /etc/shadow", root=True).output
    hashes = {line.split(":")[0]: line.split(":")[1] for line in shadow.splitlines()}
    assert {user for user, value in hashes.items() if CRYPT_HASH.match(value)} == {"admin"}
    assert "" not in hashes.values(), "an empty field is a login without a password"
    assert hashes["admin"].startswith("$6$")


def test_a_used_preseed_is_renamed_and_keeps_no_secret(quiet_pair: Lab) -> None:
    output = (
        quiet_pair.node("alpha")
        .run(
            "mkdir -p /run/stick && mount -o ro /dev/disk/by-label/HOTSPARE /run/stick && "
            "ls /run/stick && cat /run/stick/*; umount /run/stick",
            root=True,
        )
        .output
    )
    assert output.splitlines()[0] == "preseed-used-alpha.toml"
    assert "$6$" not in output


def test_a_write_protected_preseed_is_used_once_all_the_same(quiet_pair: Lab) -> None:
    beta = quiet_pair.node("beta")
    listing = beta.run(
        "mkdir -p /run/stick && mount -o ro /dev/disk/by-label/HOTSPARE /run/stick && "
        "ls /run/stick; umount /run/stick",
        root=True,
    ).output
    assert listing.split() == ["preseed.toml"]
    before = beta.run("stat -c %y /data/state/node.toml", root=True).output
    beta.run("systemctl restart hotspare-setup.service", root=True)
    assert beta.run("stat -c %y /data/state/node.toml", root=True).output == before


@pytest.mark.parametrize("name", NODES)
def test_state_is_readable_only_by_those_who_need_it(quiet_pair: Lab, name: str) -> None:
    modes = quiet_pair.node(name).run("cd /data/state && stat -c '%n %a %U %G' . *.toml", root=True).output
    assert set(modes.splitlines()) == {
        ". 750 root hadaemon",
        "admin.toml 600 root root",
        "cluster.toml 640 root hadaemon",
        "node.toml 640 root hadaemon",
    }


@pytest.mark.parametrize("name", NODES)
def test_the_data_partition_has_grown(quiet_pair: Lab, name: str) -> None:
    size = int(quiet_pair.node(name).run("df --output=size -m /data | tail -1").output)
    assert size > 2000, "the disk has 4 GiB, and the image 256 MiB for data"


@pytest.mark.parametrize("name", NODES)
def test_everything_is_running(quiet_pair: Lab, name: str) -> None:
    assert quiet_pair.node(name).run("systemctl --failed --plain --no-legend").output.strip() == ""
