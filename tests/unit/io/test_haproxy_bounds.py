"""HAProxy is asked within the bounds in which it runs: what it takes there, it takes when it starts."""

import re
from pathlib import Path

from hadaemon.io.programs.haproxy import CONFINED

UNIT = Path(__file__).parents[3] / "rootfs-overlay/usr/lib/systemd/system/hotspare-haproxy.service"
OF_RUNNING = ("CapabilityBoundingSet", "AmbientCapabilities", "Exec", "Kill", "Runtime", "Timeout", "Type")
"""What a trial that opens no socket has no use for."""


def test_whoever_is_asked_is_bound_as_whoever_runs() -> None:
    (service,) = re.findall(r"^\[Service\]\n(.*)\Z", UNIT.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for line in service.splitlines() if line and not line.startswith("#")]
    split = (line.partition("=") for line in lines if not line.startswith(OF_RUNNING))
    bounds = {f"{name}={word}" for name, _, words in split for word in words.split()}
    assert {"User=haproxy", "ProtectSystem=strict", "NoNewPrivileges=yes"} <= bounds
    asked = {word.removeprefix("--property=") for word in CONFINED}
    assert bounds - asked == set()


def test_regular_expressions_can_be_compiled() -> None:
    """PCRE2 writes code and runs it; `option smtpchk` has an expression of its own."""
    for text in (UNIT.read_text(), *CONFINED):
        assert "MemoryDenyWriteExecute=" not in text
