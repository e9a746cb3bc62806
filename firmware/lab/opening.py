"""Labs whose nodes are somewhere already: from a snapshot in seconds, which the first one makes.

    with Opener(STANDARD_PAIR, options, print).open(READY) as lab:

The way is the same each time: without a snapshot the nodes boot, get to where it is taken, and begin with it.
Where none can be made, the lab that booted is the one to use. One snapshot can be the beginning of another
one: then the nodes do not boot for that either.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware.lab.configuring import apply_configuration
from firmware.lab.errors import LabError
from firmware.lab.identity import name_of
from firmware.lab.lab import FOLDER, Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.progress import STILL_SECONDS, Patience
from firmware.lab.snapshot import Snapshot, Store
from firmware.lab.topology import Topology
from firmware.lab.traces import kept_on_failure

SNAPSHOTS = FOLDER / "snapshots"
IMAGES = FOLDER / "images"
SAY_SECONDS = 20.0
"""How often a boot says what it is at, when that has changed."""
SETTLE_SECONDS = 600.0
"""What a first boot does afterwards; on a machine that is busy with something else too."""

Say = Callable[[str], None]
Make = Callable[[Topology, LabOptions, Snapshot | None], Lab]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the nodes of a lab can be, and how they get there."""

    reach: Callable[[Lab, Say], None]
    """Brings them there from where `after` has left them; without that, they are off. The text of this
    function is part of the snapshot's name."""
    after: "Place | None" = None

    def ways(self) -> Iterator[Callable[[Lab, Say], None]]:
        """Everything that is done to get there, last first."""
        yield self.reach
        if self.after:
            yield from self.after.ways()


class Opener:
    """Opens labs of one kind."""

    def __init__(self, topology: Topology, options: LabOptions, say: Say, make: Make = Lab) -> None:
        """Nothing happens yet; `say` tells the user what takes time, `make` makes each lab."""
        self._topology = topology
        self._options = options
        self._say = say
        self._make = make
        self._store = Store(SNAPSHOTS, say)

    def open(self, place: Place) -> Lab:
        """A lab whose nodes are there, and run.

        Raises:
            LabError: they do not get there. What there is to see of it is kept.
        """
        name = name_of(self._topology, self._options, tuple(place.ways()), IMAGES)
        return self._woken(name) or self._made(name, place)

    def _woken(self, name: str) -> Lab | None:
        """The lab, if there is a snapshot and it is of use. One that is not, is no more afterwards."""
        snapshot = self._store.find(name)
        if snapshot is None:
            return None
        try:
            return self._wake(snapshot)
        except LabError as error:
            self._say(f"a snapshot is of no use and is thrown away: {error.what}")
            self._store.drop(name)
            return None

    def _made(self, name: str, place: Place) -> Lab:
        """The lab, by a new snapshot; where none can be taken, the lab that it would have been taken of."""
        lab = self.open(place.after) if place.after else None  # It may take a turn at making one, too.
        try:
            with self._store.making():
                snapshot = self._store.find(name)  # Another process may have made it meanwhile.
                if snapshot is None:
                    lab = lab or self._make(self._topology, self._options, None)
                    with kept_on_failure(lab):
                        place.reach(lab, self._say)
                    snapshot = self._taken(lab, name)
                    if snapshot is None:
                        return lab
        except BaseException:
            if lab:
                lab.close()
            raise
        if lab:
            lab.close()
        return self._wake(snapshot)

    def _taken(self, lab: Lab, name: str) -> Snapshot | None:
        """A snapshot of the lab, whose nodes are off then; None: there is none, and the nodes run on."""
        if not self._store.make_space():
            self._say(f"no snapshot is made: the disk of the cache is full ({SNAPSHOTS})")
            return None
        self._say("making the snapshot")
        try:
            lab.save()
        except LabError as error:
            self._say(f"no snapshot is made: {error.what}")
            return None
        return self._store.keep(name, lab.folder, lab.secrets)

    def _wake(self, snapshot: Snapshot) -> Lab:
        lab = self._make(self._topology, self._options, snapshot)
        try:
            lab.wake()
            lab.set_clocks()
        except BaseException:
            lab.close()
            raise
        return lab


def boot(lab: Lab, say: Say) -> None:
    """Switches all nodes on and waits until each has a shell, for as long as anything moves in them.

    A machine that is slow enough is reset by its watchdog before it can feed it. That is not what is looked
    for here: until there is a shell, a watchdog that barks is ignored.

    Raises:
        DeadlineExceeded: nothing has moved for a while.
    """
    say("there is no snapshot yet: the nodes boot; the next time it takes seconds")
    waiting = list(lab.nodes.values())
    for node in waiting:
        node.power_on()
        node.machine.qmp.execute("watchdog-set-action", action="none")
    patience = Patience(STILL_SECONDS, lambda: [node.movement() for node in lab.nodes.values()])
    said, said_at = "", time.monotonic()
    while waiting := [node for node in waiting if not node.advance_login()]:
        doing = ", ".join(f"{node.name}: {node.doing}" for node in waiting)
        patience.check("the boot", ", ".join(node.name for node in waiting), f"They were at: {doing}.")
        if doing != said and time.monotonic() - said_at >= SAY_SECONDS:
            said, said_at = doing, time.monotonic()
            say(doing)
    for node in lab.nodes.values():
        node.machine.qmp.execute("watchdog-set-action", action="reset")


def settle(node: Node, state: str) -> None:
    """Waits until the node is in that state and has nothing left to do: the second slot is filled, too."""
    node.wait_until('test -z "$(systemctl list-jobs --no-legend)"', SETTLE_SECONDS)
    # On a machine that is slow enough some units have run into their time-outs, and others waited for them.
    node.run("systemctl reset-failed && systemctl start default.target", root=True, seconds=SETTLE_SECONDS)
    node.wait_for_state(state, SETTLE_SECONDS)
    node.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", SETTLE_SECONDS, root=True)
    node.run('test -z "$(systemctl --failed --plain --no-legend)" && sync')


def _boot_and_settle(lab: Lab, say: Say) -> None:
    boot(lab, say)
    say("the nodes are up; waiting until they are ready and have filled their second slots")
    for node in lab.nodes.values():
        settle(node, "active" if node is lab.master else "backup")
    cluster = lab.topology.cluster
    if cluster is not None and cluster.files:
        # A preseed has no place for them.
        for node in lab.nodes.values():
            apply_configuration(node, {"cluster.toml": cluster.text, **dict(cluster.files)})


READY = Place(_boot_and_settle)
"""The master is active and every other node its backup."""
