"""`python -m hadaemon` is the daemon."""

import sys

from hadaemon.runtime.main import main

if __name__ == "__main__":
    sys.exit(main())
