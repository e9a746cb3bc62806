"""The peer, as the commands see it: verbs over a conversation, each refusal as a domain error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig, migrate
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import Ends, hotwire_ends
from hadaemon.hotwire.exclusive import DEFAULT_PORT
from hadaemon.io.programs.channel import Channel
from hadaemon.io.programs.ssh import connected
from hadaemon.io.store.identity import Identity
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head, head_from_json
from hadaemon.sync.holder import Holder, holder_to_json
from hadaemon.sync.messages import (
    OLDEST,
    PROTOCOL,
    Message,
    agree,
    newest_schema,
    tree_message,
    tree_of,
)
from hadaemon.sync.plan import Side
from hadaemon.sync.public_key import PublicKey
from hadaemon.sync.tree import Tree
from hadaemon.upgrade.offer import Offer, Pulled, from_json, pulled

ANSWER_TIME = 45.0
"""Seconds that one answer of the peer may take: longer than its dry run does."""


class PeerRefused(HadaemonError):
    """The peer's answer is no; `problems` has its reasons."""

    def __init__(self, text: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed on the peer, and how it ended."""

    code: int
    out: str
    errors: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A configuration that goes from one node to the other, in a format that both read."""

    tree: Tree
    converted: bool = False
    """It is not what its node has, but the same in an older format."""
    lost: tuple[str, ...] = ()
    """What that format cannot say."""


class Peer:
    """An open conversation."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        answer = self._ask({"verb": "hello", "protocol": [OLDEST, PROTOCOL], "schema": migrate.KNOWN.newest})
        self.version = agree((OLDEST, PROTOCOL), answer.header.get("protocol"))
        self.schema = newest_schema(answer.header)
        """The newest format of cluster.toml that the peer reads."""
        self.side = _side(answer)
        self.firmware = answer.text("firmware") if answer.header.get("firmware") else ""

    def lock(self, holder: Holder) -> Side:
        """Nobody else changes the peer's configuration until the conversation ends."""
        self.side = _side(self._ask({"verb": "lock", "holder": holder_to_json(holder)}))
        return self.side

    def read(self) -> Tree | None:
        """The peer's whole configuration."""
        found = self.read_form()
        return found.tree if found is not None else None

    def read_form(self) -> Sent | None:
        """The same, and whether it is what the peer has."""
        answer = self._ask({"verb": "read"})
        if not answer.header.get("files"):
            return None
        tree = tree_of(answer, f"the configuration of {self.side.name}")
        return Sent(tree, answer.header.get("converted") is True, answer.texts("lost"))

    def check(self, tree: Tree) -> tuple[str, ...]:
        """The dry run there; what the administrator should know."""
        return self._send(tree_message({"verb": "check"}, tree)).texts("notes")

    def commit(
        self, head: Head, source: Side, confirm: float | None = None, overwrite_newer: bool = False
    ) -> tuple[str, ...]:
        """What was checked becomes the peer's configuration."""
        request = {
            "verb": "commit",
            "head": head.as_json(),
            "source": source.name,
            "master": source.master,
            "confirm": confirm,
            "overwrite_newer": overwrite_newer,
        }
        return self._ask(request).texts("notes")

    def digest(self) -> str:
        """Of what is on the peer's disk now."""
        return self._ask({"verb": "digest"}).text("digest")

    def confirm(self) -> bool:
        """The change there stays; False: none waited."""
        return self._ask({"verb": "confirm"}).header.get("waited") is True

    def go_back(self) -> str:
        """Undoes the unconfirmed change there."""
        return self._ask({"verb": "back"}).text("told")

    def offered_firmware(self, staged: bool = False) -> Offer:
        """What the peer runs, and whether it has its bundle; or what it has staged for an upgrade."""
        return from_json(self._ask({"verb": "firmware-staged" if staged else "firmware"}).header)

    def send_firmware(self, read: int, write: int, staged: bool = False) -> None:
        """The rest of the conversation is rsync's: two descriptors to its other end."""
        self._ask({"verb": "firmware-send-staged" if staged else "firmware-send"})
        self._channel.join(read, write)

    def pull_firmware(self, staged: bool = False) -> None:
        """The peer begins to fetch what this node runs, or has staged."""
        self._ask({"verb": "firmware-stage" if staged else "firmware-pull"})

    def pulled_firmware(self) -> Pulled:
        """How far it is."""
        return pulled(self._ask({"verb": "firmware-pulled"}).text("said", 1 << 14))

    def hactl(self, arguments: list[str]) -> Output:
        """A command that reads."""
        answer = self._ask({"verb": "hactl", "arguments": arguments})
        code = answer.header.get("code")
        out = answer.body.decode(errors="replace")
        return Output(code if isinstance(code, int) else 1, out, answer.text("errors"))

    def _ask(self, header: Mapping[str, object]) -> Message:
        return self._send(Message(header))

    def _send(self, message: Message) -> Message:
        answer = self._channel.ask(message)
        if answer.header.get("ok") is not True:
            raise PeerRefused(answer.text("error") or "refused without a reason", answer.texts("problems"))
        return answer


@contextmanager
def peer_of(state: Path, timeout: float = ANSWER_TIME) -> Iterator[Peer]:
    """Connects to the other end of the hotwire. `timeout`: seconds for each answer."""
    configuration = load_configuration(state)
    if configuration.node is None:
        raise SyncError("this node is not configured yet")
    identity = Identity(state)
    key = identity.trusted()
    _, address = hotwire_addresses(configuration.node, configuration.cluster, key)
    with connected(identity, address, timeout) as channel:
        yield Peer(channel)


def hotwire_addresses(
    node: NodeConfig, cluster: ClusterConfig | None, key: PublicKey
) -> tuple[IPv4Address, IPv4Address]:
    """This node's own end and the peer's, whose key is trusted. Raises SyncError."""
    ends = ends_of(node, cluster, key.node)
    if ends.peer is None:
        raise SyncError(
            "the peer's address follows from its name, and the key that this node trusts does not name its "
            "node: pair the nodes anew (`hactl pair`)"
        )
    return ends.own.ip, ends.peer


def ends_of(node: NodeConfig, cluster: ClusterConfig | None, peer_name: str = "") -> Ends:
    """Both ends of the hotwire. Raises SyncError."""
    ends = hotwire_ends(node, cluster, peer_name)
    if ends is None:
        raise SyncError(
            f"node {node.name} has no hotwire: bind a port named {DEFAULT_PORT} in node.toml, or name one as "
            "hotwire.port in cluster.toml"
        )
    if ends.peer == ends.own.ip:
        text = (
            f"the names {node.hotwire_name} and {peer_name} give both nodes the address {ends.peer} on the "
            "hotwire: write hotwire.addresses in cluster.toml, or addresses of the port in both node.toml"
        )
        if node.hotwire_name != node.name:
            text += f"; `hactl key revoke` forgets that {node.name} was called {node.paired_as} once"
        raise SyncError(text)
    return ends


def _side(answer: Message) -> Side:
    name = answer.text("node", 64)
    return Side(
        name, head_from_json(answer.header.get("head"), name or "the peer"), answer.text("master", 64)
    )
