"""What a configuration may say, and its administrator should know: told at each check and apply."""

from collections.abc import Iterator

from hadaemon.config.address_book import Book, File, book_of_node, book_of_pair
from hadaemon.config.address_rules import ALONE, Facts, conflicts, facts_of
from hadaemon.config.backup_reach import backup_notes
from hadaemon.config.model import ClusterConfig, NodeConfig, Protection
from hadaemon.vrrp.authentication import SignatureMode, Signatures
from hadaemon.vrrp.model import Centiseconds
from hadaemon.vrrp.timers import seconds


def notes(node: NodeConfig, cluster: ClusterConfig | None) -> tuple[str, ...]:
    """Each with its file and key. The two must have passed `check_pair`; None: the node stands alone."""
    if cluster is None:
        return tuple(_told(book_of_node(node), ALONE))
    return (
        *map(covered_note, node.shared.covered),
        *_told(book_of_pair(node, cluster), facts_of(node, cluster)),
        *_of_backup(node, cluster),
        *_of_hotwire(cluster),
    )


def unsigned_notes(cluster: ClusterConfig) -> Iterator[str]:
    """Who may move the addresses of a pair whose advertisements need not be signed."""
    authentication = cluster.vrrp.authentication
    if not isinstance(authentication, Signatures) or authentication.mode is not SignatureMode.ENFORCE:
        yield (
            f"{File.CLUSTER}: vrrp.authentication: advertisements need not be signed: whoever is in one of "
            "these networks makes an active node give way with one packet: sign them (type = hmac and a key)"
        )


def covered_note(key: str) -> str:
    """Of a key of node.toml that cluster.toml has for this node too."""
    return f"{File.NODE}: {key}: counts, and not what cluster.toml says of it"


def _of_hotwire(cluster: ClusterConfig) -> Iterator[str]:
    hotwire = cluster.hotwire
    if hotwire is not None and hotwire.protection is Protection.NONE:
        yield (
            f"{File.CLUSTER}: hotwire.protection: whoever has the cable in his hands can open the firewall: "
            "leave it out, and the nodes encrypt what has no keys of its own"
        )
    ports = {each.port for each in cluster.ha_interfaces}
    if hotwire is not None and ports == {hotwire.port}:
        yield (
            f"{File.CLUSTER}: hotwire.advertisements: every HA interface advertises over {hotwire.port}: "
            "when this one cable breaks, no node hears of the other, and both are active: let one of them "
            "advertise over the port of its addresses"
        )
    by_port: dict[str, Centiseconds] = {}
    for each in cluster.ha_interfaces:
        interval = cluster.interval_of(each)
        by_port[each.port] = min(interval, by_port.get(each.port, interval))
    longest = max(by_port.values())
    if min(by_port.values()) < longest and hotwire is None:
        yield (
            f"{File.CLUSTER}: ha_interfaces: the advertisement_interval of their ports differs, and there is "
            "no hotwire: the other node takes over when all are silent, which is after three to four times "
            f"{seconds(longest):g} s"
        )


def _told(book: Book, facts: Facts) -> Iterator[str]:
    for each in conflicts(book, facts):
        if not each.refused:
            yield f"{each.one.file}: {each.one.key}: {each.message}"


def _of_backup(node: NodeConfig, cluster: ClusterConfig) -> Iterator[str]:
    own = {
        table: value is not None
        for table, value in (
            ("dns", node.system.dns),
            ("ntp", node.system.ntp),
            ("syslog", node.system.syslog),
            ("alarms", node.system.alarms),
        )
    }
    for key, message in backup_notes(node, cluster):
        file = File.NODE if own.get(key.partition(".")[0]) else File.CLUSTER
        yield f"{file}: {key}: {message}"
