"""`python -m hadaemon` is the daemon."""

import sys

from hadaemon.runtime.main import main

sys.exit(main())
