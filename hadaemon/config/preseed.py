"""preseed.toml and admin.toml: the first configuration, and who may log in."""

from hadaemon.config import values
from hadaemon.config.address_book import File
from hadaemon.config.cluster import read_cluster
from hadaemon.config.hotwire import read_secret
from hadaemon.config.model import Admin, Preseed
from hadaemon.config.node import read_node
from hadaemon.config.nodes import NOTHING_SHARED, is_for_both, shared_in
from hadaemon.config.pair import note_pair_mistakes
from hadaemon.config.reader import Mistakes, Table


def read_preseed(table: Table) -> Preseed | None:
    """None when a mistake was noted."""
    admin_table = table.required_table("admin")
    node_table = table.required_table("node")
    cluster_table = table.table("cluster")
    hotwire_table = table.table("hotwire")
    table.close()
    admin = None if admin_table is None else read_admin(admin_table)
    name = "" if node_table is None else str(node_table.raw.get("name", ""))
    shared = NOTHING_SHARED if cluster_table is None else shared_in(cluster_table, name)
    node = None if node_table is None else read_node(node_table, shared)
    cluster = None if cluster_table is None else read_cluster(cluster_table, name)
    secret = None if hotwire_table is None else read_secret(hotwire_table)
    if node is not None and cluster is not None:
        file = table.mistakes.file
        places = {File.NODE: (file, "node."), File.CLUSTER: (file, "cluster.")}
        mistakes = Mistakes(file)
        note_pair_mistakes(node, cluster, places, mistakes)
        table.mistakes.found += (node.shared.placed(each, file, "node.") for each in mistakes.found)
    if admin is None or node is None or (cluster is None) != (cluster_table is None):
        return None
    if (secret is None) != (hotwire_table is None):
        return None
    tables = None
    if node_table is not None and cluster_table is not None and is_for_both(cluster_table.raw):
        tables = node_table.raw, cluster_table.raw
    return Preseed(admin, node, cluster, secret, tables)


def read_admin(table: Table) -> Admin | None:
    """None when a mistake was noted."""
    password = table.optional_text("password_hash", values.password_hash, None)
    keys = table.texts("ssh_keys", values.ssh_key, '["ssh-ed25519 AAAA… name"]')
    table.close()
    if keys == () and not table.has("password_hash"):
        table.note("password_hash", "is missing, and so is ssh_keys: without one of them nobody could log in")
    return None if keys is None else Admin(password, keys)
