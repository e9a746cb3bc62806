"""Keeps the hotwire encrypted: draws what keys are made of, and puts into the kernel what they ask for.

In the background, and level-triggered: what the kernel has outlives the daemon, so that nothing is lost when
it starts anew. Where the kernel cannot encrypt, nothing that needs it passes: the firewall's rules see to it.
"""

import asyncio
import contextlib
import logging
import secrets
from ipaddress import IPv4Address

from hadaemon.config.hotwire_keys import Secret
from hadaemon.config.model import ClusterConfig, NodeConfig, Protection
from hadaemon.daemon.part import Part
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import hotwire_ends
from hadaemon.hotwire.keying import OFFER_BYTES, Keying, Wanted
from hadaemon.io.programs.ip_xfrm import Between, Xfrm
from hadaemon.problems import Problem, kinds

log = logging.getLogger(__name__)

_RENEWAL = 8 * 3600.0
"""Seconds for which keys are used."""
_REST = 5.0
"""Seconds until what the kernel refused is tried again."""
_PATIENCE = 10.0
"""Seconds in which two nodes that hear each other agree on keys."""

_NOTHING: tuple[Between | None, Wanted] = (None, Wanted(settled=True))


class Protector(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(self, today: Today) -> None:
        self._loop = asyncio.get_running_loop()
        self._today = today
        self._changed = asyncio.Event()
        self._keying: Keying | None = None
        self._revoked = False
        """Keys that do not count any more may be in the kernel."""
        self._renew_at = 0.0
        self._xfrm = Xfrm()
        self._done: tuple[Between | None, Wanted] | None = None
        """What the kernel was given last."""
        self._failure = ""
        self._open_since: float | None = None
        """For how long the other node has been heard and nothing was encrypted; monotonic seconds."""

    def keying(self, node: NodeConfig, cluster: ClusterConfig, secret: Secret | None) -> Keying | None:
        """Of the session that begins; the same one as before where secret and name are. None: nothing is
        encrypted."""
        hotwire = cluster.hotwire
        if (
            secret is None
            or hotwire is None
            or hotwire.protection is not Protection.ESP
            or not cluster.enabled
        ):
            self._keying = None
        elif self._keying is None or (self._keying.secret, self._keying.own) != (secret, node.name):
            self._revoked = self._keying is not None
            self._keying = Keying(secret, node.name, _offer())
            self._renew_at = self._loop.time() + _RENEWAL
        self.wake()
        return self._keying

    def wake(self) -> None:
        """Something was heard, or the configuration is another one."""
        self._changed.set()

    def network_changed(self) -> None:
        """The other end may have been heard at another address."""
        self.wake()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why connections are not told."""
        if self._failure:
            text = f"hotwire: it cannot be encrypted, so that connections are not told: {self._failure}"
            return (Problem(kinds.HOTWIRE_OPEN, "", text),)
        heard = self._today.session is not None and self._today.session.hotwire.peer_report is not None
        if not heard or self._open_since is None or self._loop.time() - self._open_since < _PATIENCE:
            return ()
        if self._keying is not None and not self._keying.peer_protects:
            text = (
                "hotwire: the other node does not encrypt, so that connections are not told: give both nodes "
                "the same firmware and the same hotwire.protection"
            )
        else:
            text = "hotwire: the nodes have not agreed on keys, so that connections are not told"
        return (Problem(kinds.HOTWIRE_OPEN, "", text),)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            pause = await self._turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _turn(self) -> float | None:
        """Seconds until the next one is due; None: when something is heard."""
        keying, now = self._keying, self._loop.time()
        if keying is not None and now >= self._renew_at:
            self._renew_at = now + _RENEWAL
            keying.renew(_offer())
        self._note_open(keying, now)
        try:
            if keying is None or self._revoked:
                await self._forget()
            if keying is not None:
                await self._follow(keying)
        except HadaemonError as error:
            self._fail(str(error))
            return _REST
        self._fail("")
        return max(0.0, self._renew_at - now) if keying is not None else None

    async def _forget(self) -> None:
        """The keys of whom we are not paired with any more; those of a node without a usable configuration
        stay, as all that it has does."""
        unused = self._today.session is not None or self._today.configuration.hotwire_secret is None
        if unused and self._done != _NOTHING:
            try:
                await asyncio.to_thread(self._xfrm.protect, *_NOTHING)
            except HadaemonError as error:
                log.debug("hotwire: %s", error)  # A kernel that cannot encrypt has nothing of ours.
            self._done = _NOTHING
        self._revoked = False

    async def _follow(self, keying: Keying) -> None:
        """What these keys ask for."""
        between, wanted = self._between(), keying.wanted
        if between is not None and wanted.inbound is not None and (between, wanted) != self._done:
            await asyncio.to_thread(self._xfrm.protect, between, wanted)
            self._done = between, wanted
            keying.installed(wanted)

    def _between(self) -> Between | None:
        session = self._today.session
        if session is None:
            return None
        ends = hotwire_ends(session.node_config, session.cluster_config)
        peer: IPv4Address | None = session.hotwire.peer_address or (ends.peer if ends is not None else None)
        return Between(ends.own.ip, peer) if ends is not None and peer is not None else None

    def _note_open(self, keying: Keying | None, now: float) -> None:
        session = self._today.session
        heard = session is not None and session.hotwire.peer_report is not None
        if keying is None or keying.agreed or not heard:
            self._open_since = None
        elif self._open_since is None:
            self._open_since = now

    def _fail(self, failure: str) -> None:
        if failure and failure != self._failure:
            log.error("hotwire: %s", failure)
        self._failure = failure


def _offer() -> str:
    return secrets.token_hex(OFFER_BYTES)
