"""Tracked connections, one by one: of this node's kernel, and of the other node's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hadaemon.commands.selection import read_selection
from hadaemon.config.conntrack_model import EVERYTHING
from hadaemon.conntrack.connection import from_json
from hadaemon.conntrack.listing import MOST, Listed, Listing, Where, listing
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import hotwire_ends
from hadaemon.io.kernel.conntrack import ConnectionTable
from hadaemon.operations.peer import peer_of
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.text.reading import read_json


@dataclass(frozen=True, slots=True)
class Answer:
    """The other node's connections."""

    listing: Listing | None
    """None: not known."""
    why: str = ""
    """It could not be asked; empty: it was, or there is none."""


def connections_here(state: Path, words: Sequence[str], limit: int) -> Listing:
    """Those that the words select. Takes CAP_NET_ADMIN, and seconds where there are 200,000.

    Raises NetlinkError, and SelectionError for words that select nothing.
    """
    selection, configuration = read_selection(words), load_configuration(state)
    node, cluster = configuration.node, configuration.cluster
    ports = node.ports.values() if node is not None else ()
    settings = cluster.conntrack if cluster is not None else EVERYTHING
    own = {address.ip for port in ports for address in port.addresses}
    with ConnectionTable() as table:
        return listing(table.connections(), selection, own, settings, limit)


def connections_there(state: Path, words: Sequence[str], limit: int) -> Answer:
    """The same of the other node, which is asked over the hotwire."""
    configuration = load_configuration(state)
    node, cluster = configuration.node, configuration.cluster
    if node is None or cluster is None or hotwire_ends(node, cluster) is None:
        return Answer(None)
    try:
        with peer_of(state) as peer:
            done = peer.hactl(["connections", *words, "--limit", str(limit), "--json"])
        if done.code:
            raise SyncError(" ".join(done.errors.split()).removeprefix("hactl: "))
        return Answer(_listing(done.out, limit))
    except HadaemonError as error:
        return Answer(None, str(error))


def _listing(text: str, limit: int) -> Listing:
    """Whatever the other node says. Raises SyncError."""
    try:
        answer = read_json(text)
        first = answer["connections"]
        if len(first) > min(limit, MOST):
            raise ValueError("more connections than it was asked for")
        listed = (Listed(from_json(each), Where(each["where"])) for each in first)
        return Listing(int(answer["here"]), tuple(listed))
    except (ValueError, KeyError, TypeError) as error:
        raise SyncError(f"its answer cannot be understood: {error}") from error
