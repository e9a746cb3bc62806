"""The pair whose nodes tell each other their connections, by the real conntrackd."""

from typing import Any

from firmware.lab.conntrack_helper import ConntrackHelper

from .hotwire import TRACKED_CLUSTER, HotwireNode, HotwirePair
from .namespaces import Namespaces
from .waiting import wait_for

CONNECTIONS = 2000


class Tracked:
    """A pair whose daemons have a helper."""

    def __init__(self, pair: HotwirePair, namespaces: Namespaces) -> None:
        self.pair, self.namespaces = pair, namespaces
        self.helpers: dict[str, ConntrackHelper] = {}
        for node in (pair.alpha, pair.beta):
            node.cluster = TRACKED_CLUSTER
            self.helpers[node.name] = ConntrackHelper(node.namespace, node.folder)

    def start(self) -> None:
        """Both daemons and both conntrackd run."""
        self.pair.start()
        for node in self.pair.hot_nodes:
            self.wait_running(node)

    def conntrack(self, node: HotwireNode) -> dict[str, Any]:
        return node.status().get("conntrack") or {}

    def count(self, node: HotwireNode) -> int:
        """Those of the test in the node's kernel."""
        return len(node.namespace.run("conntrack", "-L", "-d", "203.0.113.9").splitlines())

    def load(self, node: HotwireNode, count: int = CONNECTIONS, check: bool = True) -> None:
        """So many established connections. Without `check` there may be no place for all of them."""
        file = node.folder / "load"
        lines = (
            f"-A -p tcp -s 10.{number >> 16}.{number >> 8 & 255}.{number & 255} -d 203.0.113.9 "
            "--sport 1024 --dport 443 "
            "--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 3600\n"
            for number in range(count)
        )
        file.write_text("".join(lines))
        node.namespace.run("conntrack", "-R", str(file), check=check)

    def wait_running(self, node: HotwireNode, within: float = 10) -> None:
        wait_for(f"{node.name}: running", lambda: self.conntrack(node).get("running"), within)

    def wait_count(self, node: HotwireNode, count: int, within: float = 10) -> None:
        wait_for(f"{node.name} has {count}", lambda: self.count(node) == count, within)
