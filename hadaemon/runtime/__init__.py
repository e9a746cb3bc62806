"""The shell around the pure core: event queue, deadline timer, and one executor for every effect."""
