"""The service manager: units of ours that a command starts. Where there is none, nothing is started."""

from pathlib import Path

from hadaemon.io.programs.run import run_program

_RUNNING = Path("/run/systemd/system")
_TIMEOUT = 30.0
"""Seconds."""


def start_guard() -> None:
    """Begins to wait for the confirmation of a change."""
    _systemctl("restart", "--no-block", "hotspare-config-guard.service")


def restart_sync_server() -> None:
    """Keys have changed: connections with the old ones end."""
    _systemctl("restart", "hotspare-sync-sshd.service")


FIRMWARE_UNITS = ("hotspare-*", "hadaemon*", "systemd-*")
"""What a firmware brings along; units of the configuration follow the active node and are left out below."""
_FOLLOWED = ("hotspare-wireguard@", "hotspare-pppoe@", "hotspare-haproxy.", "hotspare-dhcp.")
_SEEDING = "hotspare-seed-slot.service"

_AT_BOOT = ("hotspare-apply.service",)
"""What belongs to a boot, and may be at it still when the daemon is well."""


def failed_units() -> tuple[str, ...]:
    """Which of them failed. Raises ProgramError."""
    return tuple(name for name in _units("failed", FIRMWARE_UNITS) if not name.startswith(_FOLLOWED))


def starting_units() -> tuple[str, ...]:
    """Which of those of a boot have not come to their end yet. Raises ProgramError."""
    return _units("activating", _AT_BOOT)


def _units(state: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    shown = ("--plain", "--no-legend", "--no-pager")
    text = _systemctl("list-units", f"--state={state}", *shown, *patterns)
    return tuple(sorted(line.split()[0] for line in text.splitlines() if line.strip()))


def start_firmware_pull(staged: bool = False) -> None:
    """The peer's firmware becomes this node's, or what it has staged is here too; not waited for."""
    unit = "hotspare-firmware-stage.service" if staged else "hotspare-firmware-pull.service"
    _systemctl("start", "--no-block", unit)


def start_firmware_upgrade() -> None:
    """This node's part of the pair's upgrade is done; not waited for."""
    _systemctl("start", "--no-block", "hotspare-firmware-upgrade.service")


def stop_seeding() -> None:
    """Nothing fills the empty slot meanwhile: two would share one slow disk."""
    _systemctl("stop", _SEEDING)


def start_seeding() -> None:
    """It begins anew, where there is still something to fill; not waited for."""
    _systemctl("start", "--no-block", _SEEDING)


def restart_node() -> None:
    """In good order, and without waiting for it."""
    _systemctl("--no-block", "reboot")


def _systemctl(*arguments: str) -> str:
    return run_program("/usr/bin/systemctl", *arguments, timeout=_TIMEOUT) if _RUNNING.is_dir() else ""
