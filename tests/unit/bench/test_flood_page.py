"""The page of the floods is whole: a run of minutes must not end in a page that cannot be written."""

from xml.etree import ElementTree

import pytest

from firmware.bench import BenchOptions, run_bench
from firmware.bench.flood.floods import FLOODS, STEADY, Seen, softirq_seconds
from firmware.bench.flood.page import HEADER, Records, drawing, figures, whole
from firmware.errors import FirmwareError

SVG = "{http://www.w3.org/2000/svg}"


def seen(factor: float) -> Seen:
    """Two runs."""
    return Seen(
        rate=[4000.0, 4000.0],
        active=[1.0 * factor, 3.0 * factor],
        backup=[0.5 * factor, 0.5 * factor],
        softirq=[2.0, 2.0],
        changes=[0.0, factor],
        lost=[0.0, 0.0],
        gap=[0.1 * factor, 0.1 * factor],
        takeover=[0.2 * factor, 0.2 * factor],
    )


def records() -> Records:
    """hadaemon is always twice as good."""
    return {
        flood: {
            rate: {name: seen(factor) for name, factor in zip(HEADER[1:4], (1.0, 1.5, 2.0), strict=True)}
            for rate in flood.rates
        }
        for flood in FLOODS
    }


def test_every_flood_has_its_lines_with_ours_beside_the_peers() -> None:
    lines = figures(records()).splitlines()
    assert lines[0] == "| what | hadaemon | hadaemon, without rules | keepalived | ratio |"
    quiet, *floods = FLOODS
    assert len([line for line in lines if line.startswith(f"| {quiet.title}, 1/s:")]) == 7
    for flood in floods:
        slow, fast = (
            [line for line in lines if line.startswith(f"| {flood.title}, {speed}:")]
            for speed in (f"{STEADY:,}/s", "as fast as it goes")
        )
        told = [line.split(" | ")[0].rpartition(": ")[2] for line in (*slow, *fast)]
        assert (told.count("softirq"), told.count("takeover")) == (1, 1), "each where it can be told"
        assert (len(slow), len(fast)) == (7, 7)
    assert (
        "| another VRID, 4,000/s: processor, active | 2.00 % (1.00 to 3.00) | 3.00 % (1.50 to 4.50) "
        "| 4.00 % (2.00 to 6.00) | 0.50 |" in lines
    )
    assert "| another VRID, 4,000/s: lost | 0 (0 to 0) | 0 (0 to 0) | 0 (0 to 0) |  |" in lines
    assert any(line.startswith("| another VRID, 4,000/s: gap | 100 ms (100 to 100) |") for line in lines)


def test_the_page_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.bench.failover.daemons.Keepalived.version", lambda: "v0")
    text = whole(2, records(), "picture.svg")
    assert "{" not in text
    assert "(picture.svg)" in text


def test_every_flood_is_drawn() -> None:
    picture = ElementTree.fromstring(drawing(records()))
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert all(flood.title in texts for flood in FLOODS[1:])
    _, _, width, height = map(float, str(picture.get("viewBox")).split())
    for bar in picture.iter(f"{SVG}rect"):
        assert float(bar.get("x", "0")) + float(bar.get("width", "0")) <= width
        assert float(bar.get("y", "0")) + float(bar.get("height", "0")) <= height


def test_an_unknown_flood_is_refused_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.host.ensure", lambda *_: None)
    with pytest.raises(FirmwareError) as caught:
        run_bench(BenchOptions("flood", 1, "nothing"))
    assert "senders" in caught.value.todo


def test_the_kernels_time_is_read_from_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.read_text", lambda _: "cpu  1 2 3 4 5 6 750 8 9 10\ncpu0 1 2 3\n")
    assert softirq_seconds() == 7.5
