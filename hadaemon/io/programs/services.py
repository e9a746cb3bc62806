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
"""Units of the firmware. Those of the configuration, which follow the active node, are left out below."""
_FOLLOWED = ("hotspare-wireguard@", "hotspare-pppoe@", "hotspare-haproxy.", "hotspare-dhcp.")
_OWN_PROGRAMS = ("hotspare-program@",)
"""Runs of the administrator's programs, which may end as they like."""
_SEEDING = "hotspare-seed-slot.service"

_AT_BOOT = ("hotspare-apply.service",)
"""Units of a boot, which may still be at work when the daemon is healthy already."""


def failed_units() -> tuple[str, ...]:
    """Which units of the firmware failed. Raises ProgramError."""
    return tuple(
        name for name in _units("failed", FIRMWARE_UNITS) if not name.startswith(_FOLLOWED + _OWN_PROGRAMS)
    )


def starting_units() -> tuple[str, ...]:
    """Which units of a boot have not finished yet. Raises ProgramError."""
    return _units("activating", _AT_BOOT)


def _units(state: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    shown = ("--plain", "--no-legend", "--no-pager")
    text = _systemctl("list-units", f"--state={state}", *shown, *patterns)
    return tuple(sorted(line.split()[0] for line in text.splitlines() if line.strip()))


def start_firmware_pull(staged: bool = False) -> None:
    """Begins to fetch the peer's firmware, or what the peer has staged; does not wait for it."""
    unit = "hotspare-firmware-stage.service" if staged else "hotspare-firmware-pull.service"
    _systemctl("start", "--no-block", unit)


def start_firmware_upgrade() -> None:
    """Begins to do this node's part of the pair's upgrade; does not wait for it."""
    _systemctl("start", "--no-block", "hotspare-firmware-upgrade.service")


def stop_seeding() -> None:
    """Stops filling the empty slot: two writers would share one slow disk."""
    _systemctl("stop", _SEEDING)


def start_seeding() -> None:
    """Filling the slot begins anew, if there is still something to fill; does not wait for it."""
    _systemctl("start", "--no-block", _SEEDING)


def restart_node() -> None:
    """Restarts the node in good order; does not wait for it."""
    _systemctl("--no-block", "reboot")


def _systemctl(*arguments: str) -> str:
    return run_program("/usr/bin/systemctl", *arguments, timeout=_TIMEOUT) if _RUNNING.is_dir() else ""
