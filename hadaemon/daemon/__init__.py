"""What lives in the event loop: the shell around the pure core, with one executor for every effect."""
