"""What a boot is at, read off its serial console, and patience that lasts as long as something moves."""

import pytest

from firmware.lab import progress
from firmware.lab.errors import DeadlineExceeded
from firmware.lab.progress import Patience, stage_of

GRUB = "\x1b[H\x1b[J\x1b[1;1HEsc: the boot menu\r\n"
LOADED = f"{GRUB}\x1b[1;1H  Booting `Hotspare, slot A'\r\n"
INITRD = f"{LOADED}Loading, please wait...\r\nBegin: Mounting root file system ... "
SYSTEMD = f"{INITRD}done.\r\n\x1b[0;1;39mWelcome to \x1b[0m\x1b[1mHotspare dev\x1b[0m!\r\n"
SETUP = f"{SYSTEMD}         Starting \x1b[0;1;39mhotspare-setup.service\x1b[0m - Configuration...\r\n"
CUT = "         Starting \x1b[0;1;39msystemd-network-gener…\x1b[0mk Units from Kernel Command Line...\r\n"
OK = "[\x1b[0;32m  OK  \x1b[0m] "


@pytest.mark.parametrize(
    "said, stage",
    [
        ("", "firmware"),
        (GRUB, "boot loader"),
        (LOADED, "kernel"),
        (INITRD, "initrd"),
        (SYSTEMD, "systemd"),
        (SETUP, "hotspare-setup"),
        (f"{SETUP}{CUT}", "hotspare-setup"),
        (f"{SETUP}{CUT}{OK}Finished \x1b[0;1;39mhotspare-setup.service\x1b[0m.\r\n", "systemd-network-gener"),
        (f"{SETUP}{OK}Finished \x1b[0;1;39mhotspare-se…\x1b[0mion.\r\n", "systemd"),
        (f"{SETUP}\r[ \x1b[31m*\x1b[0m ] (1 of 4) Job dev-ttyS0.device/start running (1s)", "dev-ttyS0"),
        (f"{SETUP}\r\nalpha login: ", "login"),
        (f"{SETUP}\r\nalpha login: {LOADED}", "kernel"),
    ],
)  # fmt: skip
def test_a_stage_is_what_waits_for_the_longest_time(said: str, stage: str) -> None:
    assert stage_of(said) == stage


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, in its only element."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.delenv("HOTSPARE_TIMEOUT_MULTIPLIER", raising=False)
    return now


def test_patience_lasts_while_something_moves_and_no_longer(clock: list[float]) -> None:
    said = [0]
    patience = Patience(120, lambda: said[0])
    for _ in range(5):
        clock[0] += 100
        said[0] += 1
        patience.check("a login")
    clock[0] += 119
    patience.check("a login")
    clock[0] += 2
    with pytest.raises(DeadlineExceeded, match="a login did not happen, and nothing has moved for 120 s"):
        patience.check("a login")


def test_movement_for_ever_is_no_boot(clock: list[float]) -> None:
    patience = Patience(120, lambda: clock[0])
    while clock[0] < 1000 + progress.LIMIT_SECONDS:
        patience.check("a login")
        clock[0] += 60
    with pytest.raises(DeadlineExceeded, match="did not happen within 1800 s"):
        patience.check("a login")


def test_looking_is_rare(clock: list[float]) -> None:
    looks = []
    patience = Patience(120, lambda: looks.append(clock[0]))
    for _ in range(100):
        clock[0] += 0.1
        assert not patience.expired
    assert len(looks) <= 11
