"""Connection tracking of a pair, pure: conntrackd's configuration, and what is done with it and when."""
