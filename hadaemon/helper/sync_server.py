"""Writes the files of the SSH server on the hotwire before it starts: address and peer as they are now."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import write_text
from hadaemon.io.store.identity import Identity
from hadaemon.operations.peer import hotwire_addresses
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.server import authorized_keys, sshd_config


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the server can start; 1: it cannot, the reason is on standard error."""
    parser = argparse.ArgumentParser(prog="sync-server", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("/data/state"))
    parser.add_argument("--folder", type=Path, default=Path("/run/hotspare/sync"))
    options = parser.parse_args(arguments)
    try:
        write_files(options.state, options.folder)
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_files(state: Path, folder: Path) -> None:
    """sshd_config and authorized_keys. Raises HadaemonError."""
    configuration = load_configuration(state)
    if configuration.node is None:
        raise SyncError("this node is not configured yet")
    identity = Identity(state)
    peer = identity.trusted()
    own, other = hotwire_addresses(configuration.node, configuration.cluster, peer)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    text = sshd_config(own, other, str(identity.key), str(folder))
    write_text(folder / "sshd_config", text, 0o644)
    write_text(folder / "authorized_keys", authorized_keys(peer), 0o644)


if __name__ == "__main__":
    sys.exit(main())
