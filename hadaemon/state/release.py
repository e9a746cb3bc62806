"""Which firmware runs, from which slot."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text

OS_RELEASE = Path("/etc/os-release")
KERNEL_COMMAND_LINE = Path("/proc/cmdline")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Release:
    """None: this is not a node's own firmware, or it does not say."""

    version: str | None
    slot: str | None


def running_release() -> Release:
    """What the image and the boot loader say."""
    return Release(
        version=_value(_text(OS_RELEASE).splitlines(), "IMAGE_VERSION"),
        slot=_value(_text(KERNEL_COMMAND_LINE).split(), "rauc.slot"),
    )


def boot_id() -> str:
    """Different after each restart."""
    return _text(BOOT_ID).strip()


def _text(path: Path) -> str:
    try:
        return read_text(path) or ""
    except HadaemonError:
        return ""


def _value(items: list[str], key: str) -> str | None:
    """The value of `key=value` or `key="value"`."""
    for item in items:
        name, equals, value = item.partition("=")
        if equals and name == key:
            return value.strip("\"'") or None
    return None
