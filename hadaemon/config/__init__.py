"""Raw TOML to validated, typed configuration: every error at once, each with its path in the file. Pure."""

from hadaemon.config.load import check_pair, load_admin, load_cluster, load_node, load_preseed
from hadaemon.config.model import (
    Admin,
    ClusterConfig,
    ElectionConfig,
    ElectionMode,
    HaInterface,
    Hotwire,
    NodeConfig,
    PingGroup,
    Port,
    Preseed,
    SyncMode,
    VrrpConfig,
    derived_link_local,
)
from hadaemon.config.problems import ConfigError, Problem
from hadaemon.config.render import render_admin, render_cluster, render_node, render_used_preseed

__all__ = [
    "Admin",
    "ClusterConfig",
    "ConfigError",
    "ElectionConfig",
    "ElectionMode",
    "HaInterface",
    "Hotwire",
    "NodeConfig",
    "PingGroup",
    "Port",
    "Preseed",
    "Problem",
    "SyncMode",
    "VrrpConfig",
    "check_pair",
    "derived_link_local",
    "load_admin",
    "load_cluster",
    "load_node",
    "load_preseed",
    "render_admin",
    "render_cluster",
    "render_node",
    "render_used_preseed",
]
