"""What rsync gets in place of a remote shell: the peer's bundle over a conversation with its keeper.

rsync's own arguments are ignored, but for which of the two bundles it wants: both ends of it are started with
fixed ones.
"""

import os
import sys
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.operations.peer import peer_of
from hadaemon.upgrade.offer import STAGED

STATE = "HOTSPARE_STATE"


def main() -> int:
    """0: the peer has ended it. 1: there is no conversation, the reason is on standard error."""
    try:
        with peer_of(Path(os.environ.get(STATE, "/data/state"))) as peer:
            peer.send_firmware(0, 1, staged=sys.argv[-1] == STAGED)
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
