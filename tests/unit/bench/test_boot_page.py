"""The page and the drawing of `bench boot`."""

from xml.etree import ElementTree

from firmware.bench.boot import page
from firmware.bench.boot.answers import Unit
from firmware.bench.boot.contenders import END, INITRD, KERNEL, USERSPACE, Boot
from firmware.bench.boot.pair import FIRST_PAIR, LATER_PAIR, LATER_SPARE, Arrival, Moment
from firmware.bench.boot.plot import ticks
from firmware.bench.boot.programs import Program

SVG = "{http://www.w3.org/2000/svg}"


def boot(end: float) -> Boot:
    """One whose processor was never idle until half of its time."""
    moments = {KERNEL: 4.0, INITRD: 10.0, USERSPACE: 16.0, END: end, "active": end + 4.0}
    units = (
        Unit("early.service", 17.0, 19.0, 1.25),
        Unit("hadaemon.service", 20.0, end - 1, 8.5),
        Unit("behind.service", end + 1, end + 2, 50.0),
        Unit("free.mount", 17.0, 17.5, 0.0),
    )
    return Boot(moments, {name: moment / 2 for name, moment in moments.items()}, units, "a @1s +2s")


BOOTS = {
    (page.OURS, page.FIRST): [boot(50.0), boot(60.0), boot(54.0)],
    (page.OURS, page.LATER): [boot(40.0), boot(44.0), boot(42.0)],
    (page.PEER, page.FIRST): [boot(30.0), boot(31.0), boot(32.0)],
    (page.PEER, page.LATER): [boot(28.0), boot(28.0), boot(28.0)],
}


def test_results_are_medians_beside_the_peer():
    text = page.node_section(BOOTS, 3, "picture.svg")
    assert "| later: wall | 42.0 s (40.0 to 44.0) | 28.0 s (28.0 to 28.0) | 1.50 |" in text
    assert "| first: processor | 27.0 s (25.0 to 30.0) | 15.5 s (15.0 to 16.0) | 1.74 |" in text
    assert "picture.svg" in text
    assert text.count("```\na @1s +2s\n```") == 2


def test_phases_add_up():
    one = boot(40.0)
    assert page.phases(one.moments) == {
        "firmware and GRUB": 4.0,
        "kernel": 6.0,
        "initrd": 6.0,
        "userspace": 24.0,
    }
    assert sum(page.phases(one.processor).values()) == one.processor[END]


def test_the_dearest_units_come_first_and_began_before_the_end():
    assert [unit.name for unit in page.dearest(boot(40.0))] == ["hadaemon.service", "early.service"]


def test_the_middle_run_stands_for_all():
    assert page.median(BOOTS[page.OURS, page.LATER]).moments[END] == 42.0
    assert page.median([boot(44.0), boot(40.0)]).moments[END] == 40.0


def test_the_drawing_has_both_and_everything_is_within_it():
    drawing = ElementTree.fromstring(page.drawing(BOOTS))
    _, _, width, height = map(float, drawing.get("viewBox", "").split())
    bars = list(drawing.iter(f"{SVG}rect"))
    for bar in bars:
        assert 0 <= float(bar.get("x", 0)) + float(bar.get("width", 0)) <= width
        assert 0 <= float(bar.get("y", 0)) + float(bar.get("height", 0)) <= height
    texts = [element.text for element in drawing.iter(f"{SVG}text")]
    assert texts.count("hadaemon") == 2
    assert {"Hotspare, 42.0 s to backup", "Debian, 28.0 s to login"} <= set(texts)


def test_a_pair_is_beside_one_node():
    spent = {"alpha": 40.0, "beta": 50.0}
    arrivals = {
        what: [Arrival(Moment(wall - 8.0, spent), Moment(wall, spent))]
        for what, wall in ((FIRST_PAIR, 66.0), (LATER_PAIR, 48.3), (LATER_SPARE, 46.2))
    }
    alone = {which: BOOTS[page.OURS, which] for which in page.BOOTS}
    text = page.pair_section(alone, arrivals, 3)
    assert "| pair, later, serves: wall | 40.3 s | 42.0 s (40.0 to 44.0) | 0.96 | 1.2 |" in text
    assert "| pair, later, ready: wall | 48.3 s | 42.0 s (40.0 to 44.0) | 1.15 |  |" in text
    assert "| spare, later, ready: wall | 46.2 s | 42.0 s (40.0 to 44.0) | 1.10 |  |" in text
    assert "| pair, first, ready: processor | 50.0 s | 27.0 s (25.0 to 30.0) | 1.85 |  |" in text


def test_programs_are_counted_with_the_python_ones_among_them():
    ours = (Program("helper", 9, 7.5, True), Program("modprobe", 20, 2.5, False))
    started = {(name, which): ours for name in (page.OURS, page.PEER) for which in page.BOOTS}
    text = page.programs_section(started)
    assert "| first: programs: starts | 29 | 29 | 1.00 |  |" in text
    assert "| later: of them Python: processor | 7.5 s | 7.5 s | 1.00 |  |" in text
    assert text.count("| `helper` (Python) | 9 | 7.50 s |") == 2


def test_ticks_are_round_and_few():
    assert ticks(42.0) == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0]
    assert len(ticks(900.0)) <= 12
