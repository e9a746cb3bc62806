"""Whether what [follow] names is in this firmware, and would take what is written for it: asked before it
counts anywhere."""

from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.follow.files import DNSMASQ_FILE, files
from hadaemon.io.programs.dnsmasq import dnsmasq_says

UNIT_FOLDERS = tuple(
    Path(place, "systemd/system") for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_OURS = "hadaemon.service"
"""Where this unit is, the others of the firmware are too; elsewhere nobody knows which there will be."""


def service_problems(
    node: NodeConfig, cluster: ClusterConfig, folders: tuple[Path, ...] = UNIT_FOLDERS
) -> tuple[str, ...]:
    """Units that are missing, and what dnsmasq says. Raises nothing: where there is no dnsmasq, nothing is
    said."""
    return (*_missing_units(cluster, folders), *_dnsmasq(node, cluster))


def is_unit(name: str, folders: tuple[Path, ...] = UNIT_FOLDERS) -> bool:
    """Whether this firmware has the unit, or the template that it is made of; or nobody knows."""
    stem, instance, rest = name.partition("@")
    template = f"{stem}@.{rest.rpartition('.')[2]}" if instance else name
    known = any((folder / _OURS).exists() for folder in folders)
    return not known or any((folder / each).exists() for folder in folders for each in (name, template))


def _missing_units(cluster: ClusterConfig, folders: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(
        f"follow.services[{index}].unit: this firmware has no {each.unit}: packages are chosen when the "
        "image is built; `systemctl list-unit-files` shows what there is"
        for index, each in enumerate(cluster.follow.services)
        if not is_unit(each.unit, folders)
    )


def _dnsmasq(node: NodeConfig, cluster: ClusterConfig) -> tuple[str, ...]:
    if not cluster.follow.dhcp:
        return ()
    # The kernel's names do not matter here: each port is called as it is in node.toml.
    names = {port: port for port in node.ports}
    texts = [file.text for file in files(node.name, cluster, names, names, {}) if file.name == DNSMASQ_FILE]
    said = [dnsmasq_says(text) for text in texts]
    return tuple(f"follow.dhcp: dnsmasq refuses its configuration: {each}" for each in said if each)
