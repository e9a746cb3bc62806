"""The daemon: reads the configuration, runs a session if it allows one, answers, leaves in good order."""

import asyncio
import logging
import os
import signal
from dataclasses import replace
from typing import Any

from hadaemon.cluster import Action, HandoverEnded, Memory, NodeState, Remember, StateChanged
from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.daemon.administration import Administration
from hadaemon.daemon.background import Background
from hadaemon.daemon.guard import Guard
from hadaemon.daemon.health.alarms import Alarms
from hadaemon.daemon.health.probation import Failing, Probation, failing
from hadaemon.daemon.health.recorder import Recorder
from hadaemon.daemon.health.upkeep import Upkeep
from hadaemon.daemon.health.watchdog import feed_watchdog
from hadaemon.daemon.hotwire.beacon import SteadyBeacon
from hadaemon.daemon.hotwire.detect import Detector
from hadaemon.daemon.hotwire.hotwire import HotwirePlan
from hadaemon.daemon.hotwire.side import Epochs, plan_hotwire
from hadaemon.daemon.options import Options
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.daemon.report import report
from hadaemon.daemon.requests import parse_request, parse_upgrade
from hadaemon.daemon.services.base_network import BaseNetwork
from hadaemon.daemon.services.conntrack import Conntrack
from hadaemon.daemon.services.firewall import Firewall
from hadaemon.daemon.services.following import Following
from hadaemon.daemon.services.leases import Leases
from hadaemon.daemon.session import Session
from hadaemon.daemon.upgrade.upgrade import Upgrade
from hadaemon.daemon.upgrade.world import UpgradeWorld
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control import ControlServer, refusal
from hadaemon.io.sockets.control_client import SOCKET_NAME, Message
from hadaemon.io.sockets.notify import ServiceManager
from hadaemon.io.store.alarm_file import AlarmFile
from hadaemon.io.store.generations import Generations
from hadaemon.io.store.history import History
from hadaemon.io.store.mark_file import MarkFile
from hadaemon.io.store.memory_file import MemoryFile
from hadaemon.io.store.sequence_file import SequenceFile
from hadaemon.problems import Problem
from hadaemon.state.configuration import Condition, Configuration, load_configuration
from hadaemon.state.places import own_folder
from hadaemon.state.release import running_release
from hadaemon.sync.head import Head

log = logging.getLogger(__name__)

_RULES_RETRY = 10.0
"""Seconds until a node whose rules nftables refused tries them again."""


class Daemon:
    """One process. `run` returns when it was asked to stop; it raises when the daemon itself is broken."""

    def __init__(self, options: Options, guard: Guard) -> None:
        self._options = options
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._manager = ServiceManager(os.environ)
        self._release = running_release()
        self._stopped: asyncio.Future[str] = self._loop.create_future()
        self._network = Network(self._loop, self._network_changed)
        self._firewall = Firewall(lambda: self._network.table, options.run, self._loop)
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Task[Message]] = set()
        self._background = Background(self._loop)
        self._recorder = Recorder(History(own_folder(options.state)), self._background)
        self._sequences = Sequences(
            SequenceFile(own_folder(options.state)), MarkFile(options.run), self._background.do
        )
        self._memory_file = MemoryFile(own_folder(options.state))
        self._memory = self._recall()
        self._epochs = Epochs(own_folder(options.state), self._background.failed)
        self._control = ControlServer(options.run / SOCKET_NAME, self._answer)
        self._configuration = Configuration(Condition.UNCONFIGURED)
        self._generations = Generations(options.state)
        self._head = Head()
        self._session: Session | None = None
        self._conntrack = Conntrack(options.run, options.conntrackd, options.helper, lambda: self._session)
        leases = Leases(options.leases, own_folder(options.state), options.run, self._background)
        note = self._recorder.note
        self._following = Following(options.services, self._network, leases, lambda: self._session, note)
        self._administration = Administration(
            lambda: self._session, self._following, self._absent, self._loop
        )
        places = (options.state, options.helper, self._release)
        self._upgrade_world = UpgradeWorld(
            *places, lambda: self._session, self._failing, self._administration.carry_out, note
        )
        self._upgrade = Upgrade(self._upgrade_world, self._release, self._loop.time)
        self._probation = Probation(*places, self._failing, note, self._upgrade.failed)
        self._beacon = SteadyBeacon(self._network, lambda: self._configuration)
        self._detector = Detector(self._network, lambda: self._configuration.node, self._beacon.instance)
        self._upkeep = Upkeep(options.state, options.helper, self._release.slot is not None)
        file = AlarmFile(own_folder(options.state))
        settings = lambda: self._configuration.system.alarms  # noqa: E731
        self._alarms = Alarms(
            self._report, self._slow_problems, settings, file, options.alarms, self._background
        )
        self._base_network = (
            BaseNetwork(options.helper, options.applied) if self._release.slot is not None else None
        )

    async def run(self) -> None:
        """From start to stop."""
        self._loop.set_exception_handler(self._broken)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, "shutdown")
        self._loop.add_signal_handler(signal.SIGHUP, self._reload_soon)
        self._guard.listen(self._loop, self._guard_acted)
        await self._control.open()
        async with self._reloading:
            self._begin(await self._with_rules(self._load()))
        self._manager.ready()
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(feed_watchdog(self._manager, self._overdue)),
                    tasks.create_task(self._conntrack.run()),
                    tasks.create_task(self._following.run()),
                    tasks.create_task(self._upkeep.run()),
                    tasks.create_task(self._beacon.run()),
                    tasks.create_task(self._alarms.run()),
                ]
                if self._base_network is not None:
                    background.append(tasks.create_task(self._base_network.run()))
                if self._release.slot is not None:
                    background.append(tasks.create_task(self._probation.run(self._healthy)))
                    background.append(tasks.create_task(self._upgrade.run()))
                log.info("stopping: %s", await self._stopped)
                for task in background:
                    task.cancel()
        finally:
            self._manager.stopping()
            self._end("shutdown")
            self._administration.give_up("the daemon was stopped")
            await self._control.close()
            for reload in self._reloads:
                reload.cancel()
            await self._firewall.close()
            self._beacon.close()
            self._network.close()
            self._sequences.close()
            self._background.close()
            self._guard.close()

    def _recall(self) -> Memory:
        """What the node remembers. Damaged: nothing, which is a problem until something is stored."""
        try:
            return self._memory_file.load()
        except HadaemonError as error:
            self._background.failed("memory", str(error))
            return Memory()

    def _load(self) -> Configuration:
        self._background.do("generations", self._read_head)
        return load_configuration(self._options.state, self._options.setup_problems)

    def _read_head(self) -> None:
        """What both nodes compare: the whole tree is read for it, which may have to wait for a disk."""
        self._head = self._generations.head()

    async def _with_rules(self, configuration: Configuration) -> Configuration:
        """Has its rules loaded, before anything else of it counts. A node whose rules cannot be loaded stays
        out of the cluster: it would take the traffic and let nothing pass, or too much."""
        if configuration.condition is Condition.REFUSED:
            return configuration
        problems = await self._firewall.apply(configuration)
        if not problems:
            return configuration
        if self._session is None:
            self._loop.call_later(_RULES_RETRY, self._reload_soon)
        problems = (*configuration.problems, *problems)
        return replace(configuration, condition=Condition.REFUSED, cluster=None, problems=problems)

    def _begin(self, configuration: Configuration) -> None:
        """Puts a configuration to work. Without a cluster the node is `off` and has no virtual address."""
        self._configuration = configuration
        self._beacon.wake()
        self._administration.give_up("the configuration was read again")
        for problem in configuration.problems:
            log.error("%s", problem)
        if configuration.node is None or configuration.cluster is None:
            self._end("reload")
            self._network.drop_leftovers({})
            self._manager.status(f"off: {configuration.condition}")
            return
        predecessor, self._session = (
            self._session,
            Session(
                configuration.node,
                configuration.cluster,
                self._network,
                self._loop,
                self._done,
                self._sequences,
                self._guard,
                self._plan_hotwire(configuration.node, configuration.cluster),
            ),
        )
        lacking, told = self._conntrack.lacking(configuration.cluster), self._upgrade_world.told
        self._session.start(self._memory, predecessor, lacking, told)
        self._following.wake()

    def _plan_hotwire(self, node: NodeConfig, cluster: ClusterConfig) -> HotwirePlan | None:
        secret, firmware = self._configuration.hotwire_secret, self._release.version or ""
        carried = self._following.carried
        ours = (firmware, lambda: self._head, carried, lambda: self._upgrade.words)
        return plan_hotwire(node, cluster, secret, self._epochs, *ours)

    def _end(self, reason: str) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.stop(reason)

    def _reload_soon(self) -> None:
        if not self._stopped.done():
            task = self._loop.create_task(self._reload())
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)
            task.add_done_callback(lambda done: None if done.cancelled() else done.result() and None)

    async def _reload(self, keep_active: bool = False) -> Message:
        """Reads the files again. A wrong one changes nothing that runs.

        `keep_active`: another master in them does not move the virtual addresses.
        """
        async with self._reloading:
            return await self._read_again(keep_active)

    async def _read_again(self, keep_active: bool) -> Message:
        configuration = self._load()
        if configuration != self._configuration:
            configuration = await self._with_rules(configuration)
        if configuration.condition is Condition.REFUSED and self._session is not None:
            for problem in configuration.problems:
                log.error("reload refused: %s", problem)
            return refusal("the configuration was refused; what ran before still runs") | {
                "problems": configuration.problems
            }
        if configuration == self._configuration:
            self._apply_network()
            return {"ok": True, "changed": False}
        if keep_active:
            self._keep_active(configuration)
        self._begin(configuration)
        self._apply_network()
        return {"ok": True, "changed": True, "condition": configuration.condition}

    def _apply_network(self) -> None:
        """Has the system's network and services made what the files say, in the background."""
        if self._base_network is not None:
            self._base_network.apply()

    def _keep_active(self, configuration: Configuration) -> None:
        """As if the last planned switch had made things as they are: until the next `hactl switch`."""
        before, after = self._configuration.cluster, configuration.cluster
        if self._session is None or before is None or after is None or before.master == after.master:
            return
        state = self._session.state
        if self._memory.preferred is None and state in (NodeState.ACTIVE, NodeState.BACKUP):
            preferred = state is NodeState.ACTIVE
            self._remember(replace(self._memory, preferred=preferred, epoch=self._memory.epoch + 1))

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        self._background.do("memory", lambda: self._memory_file.store(self._memory))

    async def _answer(self, request: Message) -> Message:
        match request.get("command"):
            case "status":
                return self._report() | {"alarms": self._alarms.status()}
            case "alarms":
                return {"ok": True, **self._alarms.status()}
            case "alarms-test":
                return await self._alarms.test()
            case "reload":
                return await self._reload(request.get("keep_active") is True)
            case "hotwire-detect":
                return await self._detector.answer(request)
            case "switch" | "maintenance" | "resume":
                return await self._administer(request)
            case "upgrade-check" | "upgrade" | "upgrade-off":
                return await self._upgrade_asked(request)
            case command:
                return refusal(
                    f"unknown command {command!r}: there are status, alarms, alarms-test, reload, switch, "
                    "maintenance, resume, hotwire-detect, upgrade-check, upgrade and upgrade-off"
                )

    def _report(self) -> Message:
        """The answer to `status`, alarms aside."""
        problems = self._background.problems + self._firewall.problems + self._conntrack.problems
        problems += self._base_network.problems if self._base_network is not None else ()
        problems += self._following.problems + self._upgrade.problems + self._guard.problems
        return report(
            self._configuration,
            self._session,
            self._network,
            self._release,
            problems,
            self._head,
            self._conntrack.status(),
            self._following.status(),
            self._failing(),
            self._probation.trial is not None,
            self._upgrade.status(),
        )

    def _slow_problems(self) -> tuple[Problem, ...]:
        """What is wrong beside the status."""
        return self._upkeep.problems + self._probation.problems

    async def _administer(self, message: Message) -> Message:
        try:
            request = parse_request(message)
        except ValueError as error:
            return refusal(str(error))
        if self._upgrade.under_way and message.get("force") is not True and message["command"] != "resume":
            return refusal(
                "an upgrade of the pair is under way, which switches by itself: give --force if need be"
            )
        return await self._administration.carry_out(request)

    async def _upgrade_asked(self, message: Message) -> Message:
        """Of the pair's firmware."""
        try:
            match message["command"]:
                case "upgrade":
                    plan = await self._upgrade.begin(*parse_upgrade(message))
                    return {"ok": True, "number": plan.number, "first": plan.first, "second": plan.second}
                case "upgrade-off":
                    return {"ok": True, "reason": await self._upgrade.call_off()}
                case _:
                    await self._upgrade.check()
                    return {"ok": True, "version": self._release.version}
        except (HadaemonError, ValueError) as error:
            return refusal(str(error))

    def _absent(self) -> str:
        condition = self._configuration.condition
        return f"this node takes no part in a cluster: its configuration is {condition}"

    def _done(self, action: Action) -> None:
        """An action of the node had its effect."""
        self._administration.note(action)
        match action:
            case StateChanged():
                self._state_changed(action)
            case Remember(memory):
                self._remember(memory)
            case HandoverEnded(_, reason):
                log.info("%s", reason)
            case _:
                pass

    def _network_changed(self) -> None:
        self._firewall.follow()
        self._following.wake()
        if self._session is not None:
            self._session.network_changed()

    def _guard_acted(self) -> None:
        if self._session is not None:
            self._session.guard_acted()

    def _state_changed(self, change: StateChanged) -> None:
        log.info("%s -> %s: %s", change.old, change.new, change.reason)
        self._recorder.record(change)
        self._alarms.state_changed(change)
        self._conntrack.wake()
        self._following.wake()
        self._manager.status(f"{change.new}: {change.reason}")

    def _overdue(self) -> float:
        return self._session.overdue() if self._session is not None else 0.0

    def _failing(self) -> Failing:
        return failing(self._configuration, self._session, self._firewall.faults)

    def _healthy(self) -> bool:
        """What a firmware must show to be kept: it understands its configuration and has its ports. What is
        done then takes seconds of a slow processor: the other node's connections come first."""
        if self._session is None:
            return self._configuration.condition is not Condition.REFUSED
        return self._session.ports.complete and not self._session.is_catching_up

    def _stop(self, reason: str) -> None:
        if not self._stopped.done():
            self._stopped.set_result(reason)

    def _broken(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception in a callback is a defect: leave, and let the service manager start anew."""
        error = context.get("exception") or RuntimeError(context["message"])
        log.critical("internal error: %s", context["message"], exc_info=error)
        if not self._stopped.done():
            self._stopped.set_exception(error)
