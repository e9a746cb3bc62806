"""The virtual routers of all HA interfaces and families, driven together: they are always in one state."""

from hadaemon.cluster.events import AdvertisementReceived
from hadaemon.cluster.orders import Orders
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.vrrp.model import Priority
from hadaemon.vrrp.router import Listen, Received, RouterEvent, Shutdown, Standing, TimerFired


class Group:
    """Every method acts on all of them; what they send becomes orders."""

    def __init__(self, ports: tuple[WatchedPort, ...], orders: Orders) -> None:
        self._ports = ports
        self._orders = orders

    @property
    def next_round(self) -> float | None:
        """When the first of them is due; monotonic seconds."""
        deadlines = (router.next_deadline for port in self._ports for router in port.routers)
        return min((due for due in deadlines if due is not None), default=None)

    @property
    def shortest_silence(self) -> float:
        """The smallest Active_Down_Interval of all, by the intervals that they have learnt; seconds."""
        return min(router.active_down_interval for port in self._ports for router in port.routers)

    def set_priority(self, priority: Priority) -> None:
        for port in self._ports:
            for router in port.routers:
                router.priority = priority

    def listen(self, now: float) -> None:
        """Makes all backup, for a whole Active_Down_Interval."""
        self._drive(Listen(), now)

    def listen_on(self, port: WatchedPort, now: float) -> None:
        """Only the routers of that port begin anew."""
        for router in port.routers:
            router.handle(Listen(), now)

    def follow(self, port: WatchedPort, event: AdvertisementReceived, now: float) -> None:
        """Makes all backup, by an advertisement whose interval is learned."""
        self.listen(now)
        self.receive(port, event, Standing.ACCEPTED, now)

    def receive(
        self, port: WatchedPort, event: AdvertisementReceived, standing: Standing, now: float
    ) -> bool:
        """Gives an advertisement to its virtual router. True: that one answers."""
        router = port.router_of(event.advertisement)
        follows = standing in (Standing.ACCEPTED, Standing.RELEASE)
        interval = port.learn(event.source, event.advertisement, now) if follows else router.interval
        answer = router.handle(Received(event.advertisement, standing, interval), now)
        self._orders.send(port, answer)
        return bool(answer)

    def expect_release(self, now: float) -> None:
        """Acts as if the active node, which is known to be gone, had released the addresses."""
        for port in self._ports:
            for router in port.routers:
                router.handle(Received(router.advertisement(), Standing.RELEASE, router.interval), now)

    def claim(self, now: float) -> None:
        """Active."""
        self._drive(TimerFired(), now)

    def advertise(self) -> None:
        """Advertises out of turn."""
        for port in self._ports:
            self._orders.send(port, [router.advertisement() for router in port.routers])

    def admit_conflict(self) -> None:
        """Advertises once more, last of all: the better node may never have heard this one, and must announce
        all addresses anew after two nodes have answered for them."""
        for port in self._ports:
            self._orders.bid_farewell(port, [router.advertisement() for router in port.routers])

    def keep_rounds(self, now: float) -> None:
        """The advertisements of an active node that are due."""
        for port in self._ports:
            for router in port.routers:
                if router.next_deadline is not None and router.next_deadline <= now:
                    self._orders.send(port, router.handle(TimerFired(), now))

    def shut_down(self, now: float) -> None:
        """Leaves, and tells whoever listens if they were active (RFC 9568 §6.4.3)."""
        for port in self._ports:
            for router in port.routers:
                self._orders.bid_farewell(port, router.handle(Shutdown(), now))

    def _drive(self, event: RouterEvent, now: float) -> None:
        for port in self._ports:
            for router in port.routers:
                self._orders.send(port, router.handle(event, now))
