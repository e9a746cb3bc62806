"""Whether the programs of [follow] would take what is written for them: asked before it counts anywhere."""

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.follow.files import DNSMASQ_FILE, files
from hadaemon.io.programs.dnsmasq import dnsmasq_says


def service_problems(node: NodeConfig, cluster: ClusterConfig) -> tuple[str, ...]:
    """What dnsmasq says. Raises nothing: where there is no dnsmasq, nothing is said."""
    if not cluster.follow.dhcp:
        return ()
    # The kernel's names do not matter here: each port is called as it is in node.toml.
    names = {port: port for port in node.ports}
    texts = [file.text for file in files(node.name, cluster, names, names, {}) if file.name == DNSMASQ_FILE]
    said = [dnsmasq_says(text) for text in texts]
    return tuple(f"follow.dhcp: dnsmasq refuses its configuration: {each}" for each in said if each)
