"""`python3 -m hadaemon.messenger`, as /usr/libexec/hotspare/messenger."""

from hadaemon.messenger.main import main

raise SystemExit(main())
