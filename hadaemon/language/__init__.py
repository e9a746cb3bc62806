"""The language in which `hactl` speaks to a person: which one it is, and everything that is said in it."""
