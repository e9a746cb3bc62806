"""The daemon: its parts, the session of today, and the order in which all of it begins and ends."""

import asyncio
import logging
import os
import signal
from dataclasses import replace
from typing import Any

from hadaemon.cluster import Action, HandoverEnded, Remember, StateChanged
from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.daemon.administration import Administration
from hadaemon.daemon.answers import Answers
from hadaemon.daemon.background import Background
from hadaemon.daemon.guard import Guard
from hadaemon.daemon.health.alarms import Alarms
from hadaemon.daemon.health.health import Health
from hadaemon.daemon.health.hooks import Hooks
from hadaemon.daemon.health.kernel_settings import KernelSettings
from hadaemon.daemon.health.probation import Probation
from hadaemon.daemon.health.recorder import Recorder
from hadaemon.daemon.health.upkeep import Upkeep
from hadaemon.daemon.health.watchdog import Watchdog
from hadaemon.daemon.hotwire.beacon import SteadyBeacon
from hadaemon.daemon.hotwire.detect import Detector
from hadaemon.daemon.hotwire.epochs import Epochs
from hadaemon.daemon.hotwire.plan import HotwirePlan, Protection, plan_hotwire
from hadaemon.daemon.hotwire.protector import Protector
from hadaemon.daemon.options import Options
from hadaemon.daemon.own_head import OwnHead
from hadaemon.daemon.part import Parts
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.daemon.programs import Programs
from hadaemon.daemon.reloads import Reloads
from hadaemon.daemon.remembered import Remembered
from hadaemon.daemon.report import Reporter
from hadaemon.daemon.services.base_network import BaseNetwork
from hadaemon.daemon.services.conntrack import Conntrack
from hadaemon.daemon.services.firewall import Firewall
from hadaemon.daemon.services.following import Following
from hadaemon.daemon.services.leases import Leases
from hadaemon.daemon.services.routing import Routing
from hadaemon.daemon.session import Session
from hadaemon.daemon.today import Today
from hadaemon.daemon.upgrade.upgrade import Upgrade
from hadaemon.daemon.upgrade.world import UpgradeWorld
from hadaemon.io.sockets.notify import ServiceManager
from hadaemon.io.store.alarm_file import AlarmFile
from hadaemon.io.store.history import History
from hadaemon.io.store.mark_file import MarkFile
from hadaemon.io.store.sequence_file import SequenceFile
from hadaemon.state.configuration import Configuration
from hadaemon.state.places import own_folder
from hadaemon.state.release import running_release
from hadaemon.upgrade.firmware_report import FirmwareReport

log = logging.getLogger(__name__)


class Daemon:
    """One process. `run` returns when it was asked to stop; it raises when the daemon itself is broken."""

    def __init__(self, options: Options, guard: Guard) -> None:
        folder, helper = own_folder(options.state), options.helper
        self._loop = loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[str] = loop.create_future()
        self._manager = ServiceManager(os.environ)
        self._release = release = running_release()
        self._today = today = Today()
        # Each is closed before those above it.
        self._parts = parts = Parts()
        self._guard = parts.add(guard)
        parts.add(Watchdog(self._manager, today))
        background = parts.add(Background(loop))
        self._sequences = parts.add(Sequences(SequenceFile(folder), MarkFile(options.run), background.do))
        self._network = network = parts.add(Network(loop, self._network_changed))
        beacon = parts.add(SteadyBeacon(network, today))
        self._protector = parts.add(Protector(today))
        firewall = parts.add(Firewall(network, options.run, loop))
        self._conntrack = parts.add(Conntrack(options.run, options.conntrackd, helper, today))
        base_network = parts.add(BaseNetwork(helper, options.applied, release.slot is not None))
        parts.add(KernelSettings(today))
        self._recorder = Recorder(History(folder), background)
        leases = Leases(options.leases, folder, options.run, background)
        self._following = parts.add(Following(options.services, network, leases, today, self._recorder.note))
        parts.add(Routing(network, today))
        self._upkeep = parts.add(Upkeep(options.state, helper, release.slot is not None))
        self._remembered = Remembered(folder, background)
        self._programs = Programs(options.sandbox, options.state)
        self._hooks = parts.add(Hooks(self._programs, today))
        self._epochs = Epochs(folder, background.failed)
        self._head = OwnHead(options.state, background)
        health = Health(today, firewall)
        self._administration = Administration(today, self._following, loop)
        places = (options.state, helper, release)
        self._upgrade_world = UpgradeWorld(*places, today, health, self._administration, self._recorder.note)
        self._upgrade = parts.add(Upgrade(self._upgrade_world, release, loop.time))
        probation = parts.add(Probation(*places, health, self._recorder.note, self._upgrade.failed))
        reporter = Reporter(
            today=today,
            release=release,
            parts=parts,
            network=network,
            head=self._head,
            conntrack=self._conntrack,
            following=self._following,
            health=health,
            probation=probation,
            upgrade=self._upgrade,
        )
        self._alarms = parts.add(Alarms(today, reporter, AlarmFile(folder), options.alarms, background))
        self._reloads = Reloads(
            options=options,
            today=today,
            firewall=firewall,
            base_network=base_network,
            head=self._head,
            remembered=self._remembered,
            begin=self._begin,
        )
        self._answers = parts.add(
            Answers(
                run=options.run,
                reporter=reporter,
                alarms=self._alarms,
                reloads=self._reloads,
                detector=Detector(network, today, beacon.instance),
                administration=self._administration,
                upgrade=self._upgrade,
            )
        )
        parts.add(self._administration)
        parts.add(self._reloads)

    async def run(self) -> None:
        """From start to stop."""
        self._loop.set_exception_handler(self._broken)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, "shutdown")
        self._loop.add_signal_handler(signal.SIGHUP, self._reload_soon)
        self._guard.listen(self._loop, self._guard_acted)
        await self._answers.open()
        await self._reloads.first()
        self._manager.ready()
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [tasks.create_task(part.run()) for part in self._parts]
                log.info("stopping: %s", await self._stopped)
                for task in background:
                    task.cancel()
        finally:
            self._manager.stopping()
            self._end("shutdown")
            await self._parts.close()

    def _begin(self, configuration: Configuration) -> None:
        """Puts a configuration to work. Without a cluster the node is `off` and has no virtual address."""
        self._today.configuration = configuration
        self._administration.give_up("the configuration was read again")
        for problem in configuration.problems:
            log.error("%s", problem)
        if configuration.node is None or configuration.cluster is None:
            self._end("reload")
            self._network.drop_leftovers({})
            self._manager.status(f"off: {configuration.condition}")
        else:
            self._begin_session(configuration.node, configuration.cluster)
        self._parts.wake()

    def _begin_session(self, node: NodeConfig, cluster: ClusterConfig) -> None:
        """In place of the one that runs, if there is one."""
        predecessor = self._today.session
        plan = self._plan_hotwire(node, cluster)
        places = (self._network, self._loop, self._done, self._sequences, self._guard, self._programs)
        self._today.session = session = Session(node, cluster, *places, plan)
        missing = self._conntrack.missing_connections(cluster)
        session.start(self._remembered.memory, predecessor, missing, self._upgrade_world.demand)

    def _plan_hotwire(self, node: NodeConfig, cluster: ClusterConfig) -> HotwirePlan | None:
        secret, firmware = self._today.configuration.hotwire_secret, self._release.version or ""
        carried = self._following.carried
        ours = (firmware, self._head.now, carried, self._firmware_report)
        protection = Protection(self._protector.keying(node, cluster, secret), self._protector.wake)
        return plan_hotwire(node, cluster, secret, self._epochs, *ours, protection)

    def _firmware_report(self) -> FirmwareReport:
        return replace(self._upgrade.report, slot_bad=self._upkeep.slot_is_bad)

    def _end(self, reason: str) -> None:
        session, self._today.session = self._today.session, None
        if session is not None:
            session.stop(reason)

    def _done(self, action: Action) -> None:
        """An action of the node had its effect."""
        self._administration.note(action)
        match action:
            case StateChanged():
                self._state_changed(action)
            case Remember(memory):
                self._remembered.remember(memory)
            case HandoverEnded(_, reason):
                log.info("%s", reason)
            case _:
                pass

    def _state_changed(self, change: StateChanged) -> None:
        log.info("%s -> %s: %s", change.old, change.new, change.reason)
        self._recorder.record(change)
        self._alarms.state_changed(change)
        self._hooks.state_changed(change)
        self._parts.wake()
        self._manager.status(f"{change.new}: {change.reason}")

    def _network_changed(self) -> None:
        self._parts.network_changed()
        if self._today.session is not None:
            self._today.session.network_changed()

    def _guard_acted(self) -> None:
        if self._today.session is not None:
            self._today.session.guard_acted()

    def _reload_soon(self) -> None:
        if not self._stopped.done():
            self._reloads.reload_soon()

    def _stop(self, reason: str) -> None:
        if not self._stopped.done():
            self._stopped.set_result(reason)

    def _broken(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception in a callback is a defect: leave, and let the service manager start anew."""
        error = context.get("exception") or RuntimeError(context["message"])
        log.critical("internal error: %s", context["message"], exc_info=error)
        if not self._stopped.done():
            self._stopped.set_exception(error)
