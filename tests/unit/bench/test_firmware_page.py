"""The page of `bench firmware`: one section measured anew leaves the others as they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware.bench import firmware as bench
from firmware.bench.sections import Section
from firmware.errors import FirmwareError


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def section(of: Section) -> Section:
        return replace(of, measure=lambda runs: f"{of.key} {runs}\n\n| table |\n")

    monkeypatch.setattr(bench, "SECTIONS", tuple(section(of) for of in bench.SECTIONS))
    monkeypatch.setattr(bench, "PAGE", tmp_path / "page.md")
    return tmp_path / "page.md"


def test_all_sections_are_in_their_order(page: Path):
    bench.bench_firmware(3, "")
    text = page.read_text()
    places = [text.index(f"## {section.title}\n\n{section.key} 3\n") for section in bench.SECTIONS]
    assert places == sorted(places)


def test_one_section_measured_anew_leaves_the_others(page: Path):
    bench.bench_firmware(3, "")
    before = page.read_text()
    bench.bench_firmware(1, "install")
    assert page.read_text() == before.replace("install 3", "install 1")


def test_what_was_never_measured_is_not_on_the_page(page: Path):
    bench.bench_firmware(1, "upgrade")
    assert page.read_text().count("\n## ") == 1


def test_an_unknown_part_is_refused():
    with pytest.raises(FirmwareError, match="there is no part 'x'"):
        bench.bench_firmware(1, "x")
