"""The `haproxy` command: would it take this configuration? It opens no socket of it.

It reads files that the configuration names, runs Lua in them and asks for the addresses of names. On a box
root has the service manager start it, as the user and within the bounds of hotspare-haproxy.service; for
anybody else, and anywhere else, it runs as whoever calls it.
"""

import grp
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hadaemon.follow.files import HAPROXY_GROUP
from hadaemon.follow.haproxy_words import haproxy_reasons
from hadaemon.io.programs.asked import Asked, asked

HAPROXY = "/usr/sbin/haproxy"
_BOX = Path("/run/hotspare")
_MANAGER = Path("/run/systemd/system")
CONFINED = (
    *("/usr/bin/systemd-run", "--quiet", "--pipe", "--wait", "--collect"),
    *(f"--property=User={HAPROXY_GROUP}", f"--property=Group={HAPROXY_GROUP}"),
    *("--property=CapabilityBoundingSet=", "--property=NoNewPrivileges=yes"),
    *("--property=InaccessiblePaths=-/data", "--property=ProtectSystem=strict"),
    *("--property=ProtectHome=yes", "--property=PrivateTmp=yes", "--property=PrivateDevices=yes"),
    *("--property=ProtectProc=invisible", "--property=RestrictNamespaces=yes"),
    *("--property=ProtectKernelTunables=yes", "--property=ProtectKernelModules=yes"),
    *("--property=ProtectKernelLogs=yes", "--property=ProtectControlGroups=yes"),
    *("--property=ProtectClock=yes", "--property=ProtectHostname=yes"),
    *("--property=RestrictRealtime=yes", "--property=RestrictSUIDSGID=yes"),
    *("--property=LockPersonality=yes", "--property=SystemCallArchitectures=native"),
    *("--property=SystemCallFilter=@system-service", "--property=SystemCallErrorNumber=EPERM"),
    *(f"--property=RestrictAddressFamilies={family}" for family in ("AF_UNIX", "AF_INET", "AF_INET6")),
    *("--property=LimitNOFILE=200000", "--property=MemoryMax=512M", "--property=TasksMax=64"),
    # Longer than it is waited for.
    "--property=RuntimeMaxSec=15s",
)


def ask_haproxy(files: Mapping[str, str]) -> Asked:
    """What it has against the configuration: its files, by name. Raises nothing."""
    if not Path(HAPROXY).exists():
        return Asked()
    confined = os.geteuid() == 0 and _BOX.is_dir() and _MANAGER.is_dir()
    try:
        with tempfile.TemporaryDirectory(prefix="haproxy-", dir=_BOX if confined else None) as name:
            group = grp.getgrnam(HAPROXY_GROUP).gr_gid if confined else -1
            _write(Path(name), files, group)

            def judged(status: int, said: str) -> Asked:
                reasons = haproxy_reasons(said, files)
                return Asked(reasons, "" if reasons else _brief(said, status))

            before = CONFINED if confined else ()
            return asked(*before, HAPROXY, "-c", "-f", name, judged=judged)
    except (OSError, KeyError) as error:
        return Asked(unasked=f"haproxy: its files cannot be written: {error}")


def _write(folder: Path, files: Mapping[str, str], group: int) -> None:
    """For the group alone, or for us alone: there are passwords in them."""
    for name, text in files.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o640)
        os.chown(path, -1, group)
    os.chown(folder, -1, group)
    folder.chmod(0o750)


def _brief(said: str, status: int) -> str:
    return f"haproxy: {' '.join(said.split())[:300] or f'it ended with {status}'}"
