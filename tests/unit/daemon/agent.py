"""Two agents in a fake world: their slots, plans and trials are on fake disks, their words reach each other.

Time passes only when a test says so. A restart ends the agent, as it ends the daemon.
"""

import asyncio
import json
from dataclasses import dataclass, field

from hadaemon.daemon.upgrade.seen import Here
from hadaemon.daemon.upgrade.upgrade import Upgrade
from hadaemon.errors import HadaemonError
from hadaemon.state.release import Release
from hadaemon.upgrade.firmware_report import from_json, node_of, to_json
from hadaemon.upgrade.fitness import PATIENCE
from hadaemon.upgrade.offer import Pulled
from hadaemon.upgrade.plan import Plan, decode, encode
from hadaemon.upgrade.rolling import NodeView
from hadaemon.upgrade.trial import Outlook

BEFORE, TARGET, DIGEST = "1.0", "2.0", "d" * 64


class Restarted(Exception):
    """The node is gone."""


class Silent(HadaemonError):
    """The helper does not answer."""


@dataclass
class Box:
    """One node, and a `World` of its agent."""

    name: str
    pair: "FakePair"
    sick: bool = False
    """The new version is never well on it."""
    ill: bool = False
    """It is not well, whatever it runs."""
    fails: str = ""
    """What its installation says, if it fails."""
    helper_fails: int = 0
    """Questions to the helper that come to nothing."""
    slots: dict[str, str] = field(default_factory=lambda: {"A": BEFORE, "B": ""})
    running: str = "A"
    next: str = "A"
    trial_slot: str = ""
    installed_now: bool = False
    """In this life."""
    plan_text: str | None = None
    state: str = "backup"
    unready: bool = False
    maintenance: bool = False
    """By the administrator."""
    reported: tuple[bool, str] = (False, "")
    notes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    log: Pulled = field(default_factory=lambda: Pulled(()))
    up: bool = True
    agent: Upgrade = field(init=False)

    def boot(self) -> None:
        """Another life, from the slot that is next."""
        self.running, self.installed_now, self.up, self.reported = self.next, False, True, (False, "")
        self.log = Pulled(())
        self.state = "backup"
        self.agent = Upgrade(self, Release(self.version, self.running), lambda: self.pair.now)

    @property
    def version(self) -> str:
        return self.slots[self.running]

    @property
    def other(self) -> str:
        return "B" if self.running == "A" else "A"

    @property
    def well(self) -> bool:
        return self.up and not self.ill and not (self.sick and self.version == TARGET)

    @property
    def plan(self) -> Plan | None:
        return decode(self.plan_text)

    # World

    def here(self) -> Here:
        return Here(self.name, self.state == "active", self.ready, "" if self.well else "rules: no", "alpha")

    @property
    def ready(self) -> bool:
        return self.state == "backup" and not self.unready and self.well

    def peer(self) -> tuple[NodeView, bool] | None:
        peer = self.pair.other(self)
        if not peer.up or not self.pair.heard:
            return None
        words = from_json(json.loads(json.dumps(to_json(peer.agent.report))))
        node = node_of(peer.name, peer.version, words, peer.state == "active", peer.ready)
        return node, self.pair.both_know

    def tell(self, frozen: bool, restarting: str) -> None:
        self.reported = frozen, restarting

    async def switch(self) -> None:
        self.pair.hand_over(self)

    def trial(self) -> tuple[Outlook, str]:
        if not self.trial_slot:
            return Outlook.NONE, ""
        version = self.slots[self.trial_slot]
        if self.running == self.trial_slot:
            return Outlook.ON_TRIAL, version
        return (Outlook.WAITING if self.installed_now else Outlook.FELL_BACK), version

    def said(self) -> Pulled:
        return self.log

    def note(self, what: str) -> None:
        self.notes.append(what)

    def load(self) -> Plan | None:
        return self.plan

    def store(self, plan: Plan) -> None:
        self.plan_text = encode(plan)

    async def ask(self, verb: str) -> str:
        if self.helper_fails:
            self.helper_fails -= 1
            raise Silent("helper: no answer")
        self.asked.append(verb)
        match verb:
            case "firmware-state":
                state = {"running": self.running, "running_good": True, "next": self.next}
                return json.dumps({**state, "version": self.slots[self.other] if self.other == "B" else ""})
            case "upgrade-work":
                self._work()
            case "upgrade-back":
                self.next, self.trial_slot = self.other, ""
            case "upgrade-off":
                self.next, self.trial_slot = self.running, ""
            case "upgrade-restart":
                assert self.state == "backup", "the active node was restarted"
                assert self.pair.other(self).state == "active"
                assert self.reported[1], "it did not leave the cluster first"
                self.up = False
                raise Restarted
        return ""

    def _work(self) -> None:
        if self.plan is None or self.plan.closed:
            return
        if self.fails:
            self.log = Pulled(("installing", self.fails), 1)
            return
        assert self.slots[self.running] == BEFORE
        self.slots[self.other], self.next, self.trial_slot = TARGET, self.other, self.other
        self.installed_now = True
        self.log = Pulled(("installing", "verifying"), 0)

    async def live(self) -> None:
        """A turn of the agent, and of the probation; or a boot."""
        if not self.up:
            self.boot()
            self.pair.elect()
            await self._probation_at_start()
            return
        try:
            await self.agent.turn()
        except Restarted:
            self.pair.elect()
        except HadaemonError as error:
            self.notes.append(f"error: {error}")
        await self._probation()

    async def _probation_at_start(self) -> None:
        if self.trial()[0] is Outlook.FELL_BACK:
            await self.agent.failed("it did not prove itself")
            self.trial_slot = ""

    async def _probation(self) -> None:
        if not self.up or self.trial()[0] is not Outlook.ON_TRIAL:
            return
        if self.agent.report.healthy:
            self.trial_slot = ""
        elif self.agent.report.sick:
            await self.agent.failed(f"{TARGET} is not good")
            self.next, self.up = self.other, False
            self.pair.elect()


class FakePair:
    """alpha is active at the beginning."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heard = self.both_know = True
        self.alpha, self.beta = Box("alpha", self), Box("beta", self)
        for box in self.boxes:
            box.boot()
        self.alpha.state = "active"
        asyncio.run(self.go_on(20))

    @property
    def boxes(self) -> tuple[Box, Box]:
        return self.alpha, self.beta

    def other(self, box: Box) -> Box:
        return self.beta if box is self.alpha else self.alpha

    def hand_over(self, box: Box) -> None:
        assert self.other(box).ready
        box.state, self.other(box).state = "backup", "active"

    def elect(self) -> None:
        active = [box for box in self.boxes if box.up and box.state == "active"]
        living = [box for box in self.boxes if box.up]
        if not active and living:
            living[0].state = "active"

    async def go_on(self, seconds: float, step: float = 1.0) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += step
            for box in self.boxes:
                await box.live()

    def cut(self, box: Box) -> None:
        box.up = False
        box.state = "backup"
        self.elect()

    def settle(self) -> None:
        asyncio.run(self.go_on(4 * PATIENCE, 2.0))
        plans = [box.plan for box in self.boxes]
        assert all(plan is not None and plan.closed for plan in plans), (
            plans,
            [box.notes for box in self.boxes],
        )
        assert self.alpha.version == self.beta.version
