"""Which Debian mirror the packages come from: the one named, else the host's own apt configuration.

A mirror's address is used and forgotten: it never goes into an output file or into the image.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError

SUITE = "trixie"
COMPONENTS = "main non-free-firmware"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR_VARIABLE = "HOTSPARE_MIRROR"

_DEBIAN_SUITES = re.compile(
    r"^(bullseye|bookworm|trixie|forky|sid|unstable|testing|stable|oldstable)(-updates|-security|/updates)?$"
)
_PASSED_OPTIONS = re.compile(r"^Acquire::(https?::Proxy\S*|Check-Valid-Until|Check-Date|Retries) ")


@dataclass(frozen=True)
class Source:
    """One apt source as the host has it."""

    uri: str
    suite: str
    components: tuple[str, ...]


@dataclass(frozen=True)
class Mirror:
    """Base addresses of the archive and of its security updates, and the apt options to reach them."""

    main: str
    security: str
    apt_options: tuple[str, ...] = ()

    def source_lines(self) -> list[str]:
        """The apt sources of the image and of the tools tree."""
        options = f"[signed-by={KEYRING}]"
        return [
            f"deb {options} {self.main} {SUITE} {COMPONENTS}",
            f"deb {options} {self.main} {SUITE}-updates {COMPONENTS}",
            f"deb {options} {self.security} {SUITE}-security {COMPONENTS}",
        ]


def find_mirror(named: str | None, apt: Path = Path("/etc/apt")) -> Mirror:
    """The mirror to use: `named`, else HOTSPARE_MIRROR, else the host's apt sources."""
    named = named or os.environ.get(MIRROR_VARIABLE)
    options = tuple(host_apt_options())
    if named:
        if not re.match(r"^(https?|file|copy|tor\+https?)://?\S+$", named):
            raise FirmwareError(
                f"{named!r} is not the address of a mirror",
                where="--mirror",
                todo="give a URL, such as a Debian machine has in /etc/apt/sources.list.d/debian.sources",
            )
        return Mirror(named.rstrip("/"), security_of(named), options)
    sources = [source for source in read_sources(apt) if is_debian(source)]
    main = first(source.uri for source in sources if not is_security(source))
    if main is None:
        raise FirmwareError(
            "this host has no Debian mirror in its apt sources",
            where=str(apt),
            todo=f"name one with --mirror URL or in {MIRROR_VARIABLE}",
        )
    security = first(source.uri for source in sources if is_security(source))
    return Mirror(main, security or security_of(main), options)


def first(values: Iterable[str]) -> str | None:
    """The first of some addresses, without a slash at its end."""
    return next((value.rstrip("/") for value in values), None)


def security_of(main: str) -> str:
    """Where mirrors keep the security updates: a folder beside the archive."""
    return main.rstrip("/") + "-security"


def is_debian(source: Source) -> bool:
    """Whether a source is Debian's archive: other vendors use Debian's suite names too."""
    return (
        "main" in source.components
        and _DEBIAN_SUITES.match(source.suite) is not None
        and "debian" in source.uri
        and not source.uri.startswith("cdrom:")
    )


def is_security(source: Source) -> bool:
    """Whether a source has the security updates."""
    return source.suite.endswith(("-security", "/updates"))


def read_sources(apt: Path) -> Iterator[Source]:
    """Every `deb` source of the host, in apt's order, of both formats."""
    lists = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        yield from parse_deb822(path.read_text(errors="replace"))
    for path in lists:
        if path.exists():
            yield from parse_one_line(path.read_text(errors="replace"))


def parse_one_line(text: str) -> Iterator[Source]:
    """Sources of the one-line format: `deb [options] URI suite component…`."""
    for line in text.splitlines():
        match = re.match(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line.strip())
        if match:
            yield Source(match[1], match[2], tuple(match[3].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """Sources of the deb822 format: stanzas of `Field: value`, comments anywhere."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza.strip())
        pairs = (line.split(":", 1) for line in unfolded.splitlines() if ":" in line)
        fields = {name.strip().lower(): value.split() for name, value in pairs}
        if "deb" not in fields.get("types", []) or fields.get("enabled", ["yes"])[0].lower() in {
            "no",
            "false",
        }:
            continue
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Source(uri, suite, tuple(fields.get("components", [])))


def host_apt_options() -> Iterator[str]:
    """The host's proxies and date checks, which the build's apt needs in order to reach the same mirror."""
    try:
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return
    yield from (line.rstrip(";") for line in dump.splitlines() if _PASSED_OPTIONS.match(line))
