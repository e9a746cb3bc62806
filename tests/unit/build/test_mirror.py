"""The mirror comes from the host's apt sources, whatever their format, and from no other vendor's."""

from pathlib import Path

import pytest

from firmware.build import mirror
from firmware.errors import FirmwareError

DEB822 = """\
# a comment between fields is allowed
Types: deb deb-src
URIs: http://mirror.invalid/debian/
# and here
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.invalid/debian-security
Suites: bookworm-security
Components: main
"""

ONE_LINE = """\
# deb http://commented.invalid/debian bookworm main
deb [arch=amd64 signed-by=/some/key.gpg] http://one.invalid/debian bookworm main contrib # a remark
deb-src http://source.invalid/debian bookworm main
deb http://one.invalid/debian-security bookworm-security main
"""

OTHERS = """\
deb http://packages.invalid/debian-postgres bookworm-pgdg main
deb http://docker.invalid/linux/debian bookworm stable
deb http://ubuntu.invalid/ubuntu noble main
deb cdrom:[Debian_12]/debian bookworm main
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    monkeypatch.delenv(mirror.MIRROR_VARIABLE, raising=False)
    monkeypatch.setattr(mirror, "host_apt_options", lambda: iter(()))
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_sources(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    found = mirror.find_mirror(None, apt)
    assert (found.main, found.security) == (
        "http://mirror.invalid/debian",
        "http://mirror.invalid/debian-security",
    )


def test_one_line_sources(apt: Path) -> None:
    (apt / "sources.list").write_text(ONE_LINE)
    found = mirror.find_mirror(None, apt)
    assert (found.main, found.security) == ("http://one.invalid/debian", "http://one.invalid/debian-security")


def test_disabled_stanzas_do_not_count(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(
        DEB822.replace("Types: deb\n", "Types: deb\nEnabled: no\n")
    )
    assert mirror.find_mirror(None, apt).security == "http://mirror.invalid/debian-security"
    (apt / "sources.list.d/debian.sources").write_text("Enabled: no\n" + DEB822.split("\n\n")[0])
    with pytest.raises(FirmwareError):
        mirror.find_mirror(None, apt)


def test_other_vendors_are_no_debian_mirror(apt: Path) -> None:
    (apt / "sources.list").write_text(OTHERS)
    with pytest.raises(FirmwareError, match="no Debian mirror") as error:
        mirror.find_mirror(None, apt)
    assert "--mirror" in error.value.todo
    assert error.value.where == str(apt)


def test_a_named_mirror_comes_first(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (apt / "sources.list").write_text(ONE_LINE)
    monkeypatch.setenv(mirror.MIRROR_VARIABLE, "http://variable.invalid/debian")
    assert mirror.find_mirror("http://named.invalid/debian/", apt).main == "http://named.invalid/debian"
    assert mirror.find_mirror(None, apt).security == "http://variable.invalid/debian-security"


@pytest.mark.parametrize("wrong", ["named.invalid", "http//x", "debian mirror", "http://a b"])
def test_what_is_not_an_address_is_refused(apt: Path, wrong: str) -> None:
    with pytest.raises(FirmwareError, match="not the address of a mirror"):
        mirror.find_mirror(wrong, apt)


def test_every_suite_is_signed_by_debian() -> None:
    lines = mirror.Mirror("http://a.invalid/debian", "http://a.invalid/debian-security").source_lines()
    assert len(lines) == 3
    assert all(f"signed-by={mirror.KEYRING}" in line for line in lines)
    assert [line.split()[3] for line in lines] == ["trixie", "trixie-updates", "trixie-security"]
