"""`python3 -m hadaemon.setup`, as /usr/libexec/hotspare/setup."""

from hadaemon.setup.main import main

raise SystemExit(main())
