"""The upgrade of a pair by real daemons: heartbeats, plans on disks, restarts, planned switches."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .appliance import BEFORE, TARGET, Appliance, make_bundle
from .hotwire import HotwirePair
from .pair import INTERVAL_TEXT, VIRTUAL
from .ping import PingStream
from .waiting import stretched, wait_for

WHOLE = 90.0
"""Seconds."""


@pytest.fixture
def boxes(wired: HotwirePair, tmp_path: Path) -> Iterator[tuple[Appliance, Appliance]]:
    """alpha is active; the bundle is staged on both, as `hactl firmware upgrade` does it.

    Advertisements go once a second, as by default: starting interpreters keep a small machine busy for longer
    than a few tenths of a second.
    """
    wired.change(lambda text: text.replace(INTERVAL_TEXT, f'"{stretched(1):g}s"'))
    made = Appliance(wired.alpha, tmp_path), Appliance(wired.beta, tmp_path)
    bundle = make_bundle(tmp_path / "2.raucb", version=TARGET)
    try:
        for box, state in zip(made, ("active", "backup"), strict=True):
            box.boot()
            box.node.wait_state(state, within=20)
            box.firmware().stage(str(bundle), False, lambda *_: None)
        wired.wait_up()
        yield made
    finally:
        for box in made:
            box.close()


def begin(box: Appliance, within: float = 30.0) -> None:
    """As soon as both nodes have been well for long enough."""
    digest = box.firmware().bundle(str(box.firmware().staged)).digest
    deadline = time.monotonic() + stretched(within)
    while not (answer := box.ask({"command": "upgrade", "target": TARGET, "digest": digest}))["ok"]:
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    assert (answer["first"], answer["second"]) == ("beta", "alpha")


def settle(wired: HotwirePair, boxes: tuple[Appliance, Appliance], active: str = "alpha") -> set[str]:
    """Both nodes restart when they have asked for it, until both have closed the plan. The verdicts."""
    deadline = time.monotonic() + stretched(WHOLE)
    while True:
        for box in boxes:
            box.live()
        plans = [box.upgrade() for box in boxes]
        if all(plan.get("closed") for plan in plans) and wired.holders() == [active]:
            return {str(plan["verdict"]) for plan in plans}
        if time.monotonic() > deadline:
            raise AssertionError(f"{plans}\n" + "\n".join(box.node.log.read_text() for box in boxes))
        time.sleep(0.05)


def journal(boxes: tuple[Appliance, Appliance]) -> str:
    """What both did, and when."""
    entries = [
        (entry["time"], box.node.name, entry["reason"]) for box in boxes for entry in box.node.history()
    ]
    return "\n".join(" ".join(entry) for entry in sorted(entries))


def test_a_pair_is_upgraded_and_no_ping_is_lost(
    wired: HotwirePair, boxes: tuple[Appliance, Appliance]
) -> None:
    alpha, beta = boxes
    with PingStream(wired.client, VIRTUAL["lan"], 100) as pings:
        begin(alpha)
        assert alpha.ask({"command": "switch"})["error"].startswith("an upgrade of the pair is under way")
        wait_for("beta knows it", beta.upgrade, within=5)
        assert "is under way already" in beta.ask({"command": "upgrade-check"})["error"]
        assert settle(wired, boxes) == {"committed"}
    assert pings.lost == [], f"{pings.lost} of {pings.sent}\n{journal(boxes)}"
    assert [box.version for box in boxes] == [TARGET, TARGET]
    reasons = [entry["reason"] for entry in beta.node.history()]
    assert "firmware upgrade 1 to 2.0: is over, committed: both nodes are on 2.0" in reasons
    assert "firmware upgrade: restarts into 2.0" in reasons, "it was in maintenance before it restarted"
    assert sorted(path.name for path in (alpha.folder / "bundles").iterdir()) == ["slot-B.raucb"]


def test_a_sick_firmware_on_the_first_node_leaves_the_active_one_alone(
    wired: HotwirePair, boxes: tuple[Appliance, Appliance]
) -> None:
    alpha, beta = boxes
    beta.sick = True
    with PingStream(wired.client, VIRTUAL["lan"], 100) as pings:
        begin(alpha)
        assert settle(wired, boxes) == {"aborted"}
    assert pings.lost == []
    assert [box.version for box in boxes] == [BEFORE, BEFORE]
    assert (alpha.life, beta.life) == (1, 3)
    assert "units: failed: hotspare-firewall.service" in str(alpha.upgrade()["reason"])


def test_a_sick_firmware_on_the_second_node_brings_both_back(
    wired: HotwirePair, boxes: tuple[Appliance, Appliance]
) -> None:
    alpha, beta = boxes
    alpha.sick = True
    begin(alpha)
    assert settle(wired, boxes) == {"aborted"}
    assert [box.version for box in boxes] == [BEFORE, BEFORE]
    assert "goes back to 1.0" in " ".join(entry["reason"] for entry in beta.node.history())


@pytest.mark.parametrize("seconds", [1.5, 6.0])
def test_power_lost_on_both_nodes_resumes(
    wired: HotwirePair, boxes: tuple[Appliance, Appliance], seconds: float
) -> None:
    begin(boxes[0])
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for box in boxes:
            box.live()
        time.sleep(0.05)
    for box in boxes:
        box.cut()
    verdict = settle(wired, boxes)
    assert {box.version for box in boxes} == ({TARGET} if verdict == {"committed"} else {BEFORE})
    for box in boxes:
        assert "goes on: " in " ".join(entry["reason"] for entry in box.node.history())


def test_without_the_hotwire_nothing_begins(wired: HotwirePair, boxes: tuple[Appliance, Appliance]) -> None:
    def refused() -> bool:
        told = str(boxes[0].ask({"command": "upgrade-check"}).get("error"))
        return "the hotwire is down" in told or "is not heard over the hotwire" in told

    wired.cut("hotwire")
    for node in wired.hot_nodes:
        node.wait_hotwire("down")
    # What the other one said last counts for a moment more.
    wait_for("it is refused for that", refused, within=5)
    assert boxes[0].upgrade() == {}
