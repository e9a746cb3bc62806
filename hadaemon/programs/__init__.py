"""The administrator's own programs: what may be one, and what is said to the sandbox that runs it. Pure."""
