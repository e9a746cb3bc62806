"""`python -m hadaemon` is the daemon."""

import sys

from hadaemon.daemon.guard_process import fork_guard

if __name__ == "__main__":
    guard = fork_guard()  # Before all that the daemon loads, and the guard does not need.
    from hadaemon.daemon.main import main

    sys.exit(main(guard))
