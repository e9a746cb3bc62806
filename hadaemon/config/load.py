"""The ways in: text of a file to validated configuration, or ConfigError with every problem."""

from hadaemon.config.model import Admin, ClusterConfig, NodeConfig, Preseed


def load_node(text: str, file: str = "node.toml") -> NodeConfig:
    """Validates node.toml."""
    raise NotImplementedError


def load_cluster(text: str, file: str = "cluster.toml") -> ClusterConfig:
    """Validates cluster.toml on its own; `check_pair` holds it against the node."""
    raise NotImplementedError


def load_preseed(text: str, file: str = "preseed.toml") -> Preseed:
    """Validates preseed.toml, the pair of node and cluster included."""
    raise NotImplementedError


def load_admin(text: str, file: str = "admin.toml") -> Admin:
    """Validates admin.toml."""
    raise NotImplementedError


def check_pair(node: NodeConfig, cluster: ClusterConfig, cluster_file: str = "cluster.toml") -> None:
    """Holds the cluster's ports and addresses against the node's; raises ConfigError."""
    raise NotImplementedError
