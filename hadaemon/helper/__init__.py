"""What needs root, in small programs with fixed verbs: no path, command or name comes from outside."""
