"""The commands and units that the image gets: they name what exists."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hadaemon.state.places import own_folder

OVERLAY = Path(__file__).resolve().parents[3] / "rootfs-overlay"
UNITS = OVERLAY / "usr/lib/systemd/system"
LIBEXEC = (
    *("setup", "firmware", "firmware-pipe", "config-guard"),
    *("sync-server", "services", "menu", "messenger", "sandbox"),
    "kernel-settings",
)
COMMANDS = ("usr/sbin/hadaemon", "usr/bin/hactl", *(f"usr/libexec/hotspare/{name}" for name in LIBEXEC))
BARE = tuple(f"usr/libexec/hotspare/{name}" for name in ("drop-addresses", "helper", "keeper", "sync-verb"))
"""They start without `site`."""
OURS = (
    *("hadaemon.service", "hadaemon-helper.socket", "hadaemon-helper@.service", "hotspare-setup.service"),
    *("hotspare-config-boot.service", "hotspare-config-guard.service"),
    *("hotspare-keeper.socket", "hotspare-keeper@.service", "hotspare-sync-sshd.service"),
    *("hotspare-conntrackd.service", "hotspare-apply.service", "hotspare-syslog.service"),
    *("hotspare-alarms.service", "hotspare-kernel.service"),
    "hotspare-ssh@.service",
    *("hotspare-services.socket", "hotspare-services@.service", "hotspare-dhcp.service"),
    *("hotspare-program.socket", "hotspare-program@.service"),
    *("hotspare-wireguard@.service", "hotspare-pppoe@.service", "hotspare-haproxy.service"),
    *("hotspare-issue.service", "hotspare-issue.path"),
    *("hotspare-firmware-pull.service", "hotspare-firmware-stage.service"),
    "hotspare-firmware-upgrade.service",
    *(
        "hotspare-firewall.service",
        "hotspare-forwarding.service",
        "hotspare-forwarding.path",
        "hotspare-conntrackd.path",
    ),
)
OF_THE_SYSTEM = (
    *("/bin/kill", "/bin/sh", "/usr/bin/cp", "/usr/bin/wg"),
    *(f"/usr/sbin/{name}" for name in ("agetty", "sshd", "nft", "sysctl", "conntrackd", "rsyslogd")),
    *(f"/usr/sbin/{name}" for name in ("ip", "dnsmasq", "pppd", "haproxy")),
)


@pytest.mark.parametrize("command", [*COMMANDS, *BARE])
def test_a_command_runs_a_function_that_exists(command: str):
    path = OVERLAY / command
    assert path.stat().st_mode & 0o111 == 0o111
    text = path.read_text()
    assert text.startswith(f"#!/usr/bin/python3 {'-IS' if command in BARE else '-PsE'}\n")
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    assert imports
    for imported in imports:
        assert callable(getattr(importlib.import_module(str(imported.module)), imported.names[0].name))


def loaded_by(module: str) -> set[str]:
    """What an interpreter loads for it, `site` aside."""
    code = (
        f"import sys; before = set(sys.modules); sys.path.append({str(OVERLAY.parent)!r});"
        f"import {module}; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    return loaded


HEAVY = {"socket", "struct", "re", "typing", "collections", "ipaddress", "site", "pathlib"}


def test_what_runs_after_a_crash_loads_next_to_nothing():
    assert (HEAVY | {"enum"}).isdisjoint(loaded_by("hadaemon.io.kernel.drop_addresses"))


def test_what_runs_while_a_takeover_is_not_safe_yet_loads_little():
    assert (HEAVY | {"enum", "subprocess"}).isdisjoint(loaded_by("hadaemon.helper.main"))


def test_the_guard_is_forked_before_the_daemon_is_loaded():
    others = {"asyncio", "dataclasses", "logging", "hadaemon.precompiled", "hadaemon.daemon.main"}
    assert (HEAVY | others).isdisjoint(loaded_by("hadaemon.daemon.guard_process"))
    text = (OVERLAY / "usr/sbin/hadaemon").read_text()
    assert text.index("fork_guard()") < text.index("import hadaemon.precompiled")


@pytest.mark.parametrize("unit", OURS)
def test_a_unit_starts_what_the_image_has(unit: str):
    text = (UNITS / unit).read_text()
    for command in re.findall(r"^Exec\w+=[+!@:-]*(\S+)", text, re.MULTILINE):
        assert command in OF_THE_SYSTEM or (OVERLAY / command[1:]).exists(), command


def test_the_daemon_is_neither_root_nor_more_capable_than_it_must_be():
    text = (UNITS / "hadaemon.service").read_text()
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] not in "#[")
    assert settings["User"] == "hadaemon"
    for key in ("CapabilityBoundingSet", "AmbientCapabilities"):
        assert settings[key] == "CAP_NET_ADMIN CAP_NET_RAW"
    assert settings["ExecStopPost"] == "/usr/libexec/hotspare/drop-addresses"
    assert settings["Restart"] == "always"
    assert settings["ReadWritePaths"] == f"-{own_folder(Path('/data/state'))}", "never the configuration"
    assert settings["StartLimitIntervalSec"] == "0"
