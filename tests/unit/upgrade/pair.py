"""A simulated pair that upgrades itself: power goes, words get lost, firmware is sick.

Traffic is on a healthy node at any time at which there is one. Each piece of a step is one event, so that
power can go between any two of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hadaemon.upgrade.plan import Plan, Verdict, decode, encode
from hadaemon.upgrade.rolling import NodeView, UpgradeStep, next_step

BEFORE, TARGET = "1.0", "2.0"
ATTEMPTS = 3
"""Starts of a slot that nobody has marked good, until the boot loader takes the other one."""


@dataclass
class Box:
    """One node: what is on its disk, and what runs."""

    name: str
    sick: bool = False
    """The new version is never well on it."""
    panics: bool = False
    """The new version does not even start on it."""
    disk_fails: bool = False
    """Nothing can be written to the other slot."""
    # On disk.
    slots: dict[str, str] = field(default_factory=lambda: {"A": BEFORE, "B": BEFORE})
    good: dict[str, bool] = field(default_factory=lambda: {"A": True, "B": True})
    order: str = "A"
    attempts: int = 0
    trial: str = ""
    """The slot on trial."""
    plan_text: str | None = None
    # In memory.
    powered: bool = True
    booted: str = "A"
    up: bool = True
    relapsed: bool = False
    """It was well with the new version, and is no more."""
    soak: int = 0
    unwell: int = 0
    work: Iterator[None] | None = None

    @property
    def other(self) -> str:
        return "B" if self.booted == "A" else "A"

    @property
    def version(self) -> str:
        return self.slots[self.booted]

    @property
    def well(self) -> bool:
        bad = self.version == TARGET and (self.sick or self.relapsed)
        return self.powered and self.up and not bad

    @property
    def plan(self) -> Plan | None:
        return decode(self.plan_text)

    def write(self, plan: Plan) -> None:
        self.plan_text = encode(plan)

    def cut(self) -> None:
        """Power is gone."""
        self.powered = self.up = False
        self.work, self.soak, self.unwell = None, 0, 0

    def boot(self) -> None:
        """As GRUB does, until a system is up; then as the daemon does at its start."""
        self.powered, self.work, self.soak, self.unwell = True, None, 0, 0
        while True:
            self.booted = self.choice()
            if self.booted == self.order:
                self.attempts += 1
            if not (self.panics and self.version == TARGET):
                break
        self.up = True
        if self.trial and self.trial != self.booted:
            self._note("it did not prove itself")
            self.trial = ""
        if not self.trial and self.booted == self.order:
            self.attempts = 0

    def choice(self) -> str:
        """The boot loader's."""
        if self.good[self.order] and self.attempts < ATTEMPTS:
            return self.order
        return "B" if self.order == "A" else "A"

    def _note(self, why: str) -> None:
        plan = self.plan
        if plan is not None and plan.verdict is Verdict.RUNNING:
            self.write(replace(plan, failed=why))


class Pair:
    """Both nodes, who is active, and whether they hear each other."""

    def __init__(self, first: Box, second: Box, preempt: bool = True) -> None:
        self.boxes = {first.name: first, second.name: second}
        self.first, self.second = first, second
        self.active = second.name
        self.heard = True
        plan = Plan(1, first.name, second.name, BEFORE, TARGET, second.name if preempt else "")
        second.write(plan)
        self.steps: list[tuple[str, UpgradeStep]] = []
        self.verdicts: set[Verdict] = set()

    def peer(self, box: Box) -> Box:
        return self.second if box is self.first else self.first

    def words(self, box: Box) -> NodeView:
        """What a node says of itself."""
        return NodeView(
            box.name,
            box.version,
            on_trial=box.trial == box.booted,
            next_version=box.slots[box.choice()],
            healthy=box.well,
            sick=box.unwell >= 3,
            active=self.active == box.name,
            ready=box.well,
            soaked=box.soak >= 3,
            plan=box.plan,
        )

    def turn(self, box: Box) -> bool:
        """A node goes on with its work, or looks what is due. Says whether there was anything to do."""
        if not box.powered:
            return False
        if box.work is None:
            peer = self.peer(box)
            heard = self.words(peer) if self.heard and peer.powered and peer.up else None
            due = next_step(self.words(box), heard)
            if due.step is None:
                return False
            self.steps.append((box.name, due.step))
            if due.step is UpgradeStep.WRITE:
                assert due.plan is not None
                box.write(due.plan)
                self._watch_verdicts()
                return True
            box.work = self._carry_out(box, due.step)
        if next(box.work, self) is self:
            box.work = None
        self.elect()
        return True

    def elect(self) -> None:
        """Frozen preemption: who is active stays so while it is well; else the other one, if it is."""
        active = self.boxes[self.active]
        if not active.well and self.peer(active).well:
            self.active = self.peer(active).name
        for box in self.boxes.values():
            if box.name != self.active or not box.well:
                box.soak = 0
        some = [box for box in self.boxes.values() if box.well]
        assert not some or self.boxes[self.active].well, "traffic is on a node that is not well"

    def pass_time(self) -> None:
        self.boxes[self.active].soak += 1
        for box in self.boxes.values():
            box.unwell = box.unwell + 1 if box.up and not box.well else 0

    def _watch_verdicts(self) -> None:
        for box in self.boxes.values():
            if box.plan is not None and box.plan.verdict is not Verdict.RUNNING:
                self.verdicts.add(box.plan.verdict)
        assert len(self.verdicts) <= 1, "the nodes do not agree on the outcome"

    def _carry_out(self, box: Box, step: UpgradeStep) -> Iterator[None]:
        match step:
            case UpgradeStep.INSTALL:
                yield from self._install(box)
            case UpgradeStep.RESTART:
                yield from self._restart(box)
            case UpgradeStep.KEEP:
                box.attempts = 0
                yield
                box.trial = ""
            case UpgradeStep.GIVE_UP:
                box.good[box.booted] = False
                yield
                yield from self._restart(box, planned=False)
            case UpgradeStep.GO_BACK:
                assert box.slots[box.other] == BEFORE, "there is no way back"
                box.good[box.other], box.order, box.attempts = True, box.other, 0
                yield
                box.trial = ""
            case UpgradeStep.CALL_OFF:
                box.order, box.attempts, box.good[box.other] = box.booted, 0, False
                yield
                box.trial = ""
            case UpgradeStep.HAND_OVER:
                assert self.peer(box).well, "handed over to a node that is not well"
                self.active = self.peer(box).name

    def _install(self, box: Box) -> Iterator[None]:
        assert box.version == BEFORE, "the way back would be overwritten"
        plan = box.plan
        assert plan is not None
        assert not plan.failed, "what failed is not tried again"
        assert box is self.first or self.first.soak >= 3, "it was not waited for the end of the soak"
        box.order, box.attempts, box.good[box.other] = box.booted, 0, False
        yield
        box.slots[box.other] = "half"
        yield
        if box.disk_fails:
            box.write(replace(plan, failed="the disk is failing"))
            return
        box.slots[box.other] = TARGET
        yield
        box.trial = box.other
        yield
        box.good[box.other], box.order, box.attempts = True, box.other, 0

    def _restart(self, box: Box, planned: bool = True) -> Iterator[None]:
        if planned:
            assert self.active != box.name, "the active node was restarted"
            assert self.peer(box).well, "restarted while nobody else was well"
        box.up = False
        self.elect()
        yield
        box.boot()
