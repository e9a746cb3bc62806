"""Configuration back to TOML, so that what was validated is what is stored: load(render(x)) == x."""

from hadaemon.config.model import Admin, ClusterConfig, NodeConfig, Preseed


def render_node(node: NodeConfig) -> str:
    """The text of node.toml."""
    raise NotImplementedError


def render_cluster(cluster: ClusterConfig) -> str:
    """The text of cluster.toml."""
    raise NotImplementedError


def render_admin(admin: Admin) -> str:
    """The text of admin.toml. Secret."""
    raise NotImplementedError


def render_used_preseed(preseed: Preseed) -> str:
    """What is left on the medium after use: node and cluster, without the secrets of [admin]."""
    raise NotImplementedError
