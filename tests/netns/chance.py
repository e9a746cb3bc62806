"""What happens to a faulty pair, and when: a random history, of which a seed decides."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from .faulty import EXTRA, FROM, HOTWIRE, TO, FaultyPair
from .pair import INTERVAL, PORTS
from .waiting import stretched

PREEMPT = ("[vrrp]\n", "[vrrp]\npreempt = false\n")
"""Texts of the configuration, without and with."""


@dataclass
class _Fault:
    """One that lasts, until it is healed."""

    key: tuple[str, ...]
    """A fault with the same key is not made twice."""
    heal: Callable[[], None]
    due: float | None = None
    """It ends by itself then; monotonic seconds."""


class Chance:
    """Makes faults and heals them."""

    def __init__(self, faulty: FaultyPair, seed: int, rests: float) -> None:
        """`rests`: after what share of the steps everything may come to rest."""
        self._rests = rests
        self._faulty = faulty
        self._random = random.Random(seed)
        self._faults: list[_Fault] = []
        self.count = 0
        """Faults that were made."""
        self._kinds: tuple[tuple[int, Callable[[str], None]], ...] = (
            (5, self._cable),
            (5, self._one_way),
            (2, self._hotwire_cable),
            (2, self._hotwire_one_way),
            (4, self._stall),
            (3, self._kill),
            (2, self._reload),
            (1, self._preempt),
            (1, self._extra),
            (1, self._cardless),
            (2, self._stranger),
            (3, self._switch),
            (2, self._maintenance),
            (1, self._resume),
        )

    def step(self) -> None:
        """A fault or the end of one."""
        lasting = [fault for fault in self._faults if fault.due is None]
        if lasting and self._random.random() < 0.2 + 0.1 * len(lasting):
            self._heal(self._random.choice(lasting))
            return
        weights = [weight for weight, _ in self._kinds]
        (kind,) = self._random.choices([make for _, make in self._kinds], weights)
        before = self.count
        kind(self._random.choice(tuple(self._faulty.nodes)))
        self.count = before + 1

    def wait(self, check: Callable[[], None]) -> None:
        """Lets a while pass: mostly a short one, sometimes one in which everything comes to rest."""
        rests = self._random.random() < self._rests
        seconds = stretched(self._random.uniform(1.5, 3.5)) if rests else self._random.uniform(0, 0.4)
        self._faulty.diary.note(f"{seconds:.2f} s pass")
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            check()
            self._end_what_is_due()
            time.sleep(min(left, 0.02))

    def heal_all(self) -> None:
        """The daemons first: only who runs can be asked for the rest."""
        for fault in sorted(self._faults, key=lambda fault: fault.key[0] not in ("stall", "kill")):
            self._heal(fault)

    def _heal(self, fault: _Fault) -> None:
        self._faults.remove(fault)
        fault.heal()

    def _end_what_is_due(self) -> None:
        for fault in [fault for fault in self._faults if fault.due is not None]:
            if fault.due is not None and fault.due <= time.monotonic():
                self._heal(fault)

    def _add(self, key: tuple[str, ...], heal: Callable[[], None], due: float | None = None) -> None:
        self._faults.append(_Fault(key, heal, due))

    def _has(self, *key: str) -> bool:
        return any(fault.key == key for fault in self._faults)

    def _is_awake(self, name: str) -> bool:
        return self._faulty.plights[name].is_awake

    # cables

    def _cable(self, name: str) -> None:
        self._pull(name, self._random.choice(PORTS))

    def _hotwire_cable(self, name: str) -> None:
        self._pull(name, HOTWIRE)

    def _pull(self, name: str, port: str) -> None:
        if not self._has("pull", name, port):
            self._faulty.pull(name, port)
            self._add(("pull", name, port), lambda: self._faulty.plug(name, port))

    def _one_way(self, name: str) -> None:
        self._block(name, self._random.choice(PORTS))

    def _hotwire_one_way(self, name: str) -> None:
        self._block(name, HOTWIRE)

    def _block(self, name: str, port: str) -> None:
        way = self._random.choice((FROM, TO))
        if not self._has("block", name, port, way):
            self._faulty.block(name, port, way)
            self._add(("block", name, port, way), lambda: self._faulty.unblock(name, port, way))

    # daemons

    def _stall(self, name: str) -> None:
        due = time.monotonic() + stretched(self._random.uniform(0.2, 3.0))
        if self._is_awake(name):
            self._faulty.stall(name)
            self._add(("stall", name), lambda: self._faulty.wake(name), due)

    def _kill(self, name: str) -> None:
        if self._faulty.plights[name].runs:
            self._faults = [fault for fault in self._faults if fault.key != ("stall", name)]
            self._faulty.kill(name)
            self._add(("kill", name), lambda: self._faulty.start(name))

    # the administrator

    def _reload(self, name: str) -> None:
        self._faulty.read_again(name)

    def _preempt(self, name: str) -> None:
        self._edit("preempt", name, PREEMPT)

    def _extra(self, name: str) -> None:
        self._edit("extra", name, EXTRA)

    def _edit(self, kind: str, name: str, texts: tuple[str, str]) -> None:
        if not self._has(kind, name):
            without, with_it = texts
            self._faulty.edit(name, without, with_it)
            self._add((kind, name), lambda: self._faulty.edit(name, with_it, without))

    def _cardless(self, name: str) -> None:
        if not self._has("cardless", name):
            self._faulty.add_cardless(name)
            self._add(("cardless", name), lambda: self._faulty.remove_cardless(name))

    def _switch(self, name: str) -> None:
        forced = self._random.random() < 0.2
        if self._is_awake(name):
            self._faulty.ask(name, "switch", force=forced)

    def _maintenance(self, name: str) -> None:
        forced = self._random.random() < 0.3
        if self._is_awake(name) and not self._has("maintenance", name):
            self._faulty.begin_maintenance(name, forced)
            self._add(("maintenance", name), lambda: self._end_maintenance(name))

    def _end_maintenance(self, name: str) -> None:
        if self._is_awake(name):
            self._faulty.end_maintenance(name)
        else:
            self._add(("maintenance", name), lambda: self._end_maintenance(name))

    def _resume(self, name: str) -> None:
        if self._is_awake(name):
            self._faulty.ask(name, "resume")

    # strangers

    def _stranger(self, _name: str) -> None:
        advertise = self._random.choice(
            (self._faulty.rival, self._faulty.distant_rival, self._faulty.other_group)
        )
        for _ in range(self._random.randint(1, 8)):
            advertise()
            time.sleep(INTERVAL)
