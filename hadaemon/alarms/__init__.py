"""What is wrong with a node as alarms that are raised, last and are cleared: which, when, to whom. Pure."""
