"""Where the daemon finds everything."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Where things are."""

    state: Path
    """Folder of node.toml and cluster.toml."""
    run: Path
    """Folder of the control socket."""
    helper: Path
    """Socket of the privileged helper."""
    conntrackd: Path
    """Folder of conntrackd's socket."""
    services: Path
    """Socket of the root helper of what follows the active node."""
    sandbox: Path
    """Socket of the sandbox in which the administrator's programs run."""
    leases: Path
    """The DHCP server's own list of leases."""
    alarms: Path
    """Socket of the program that sends alarms."""
    setup_problems: Path
    """Where the setup at boot left what was wrong with a preseed."""
    applied: Path
    """There while the node's own network is known to be as the files say."""
