"""Files of the node: what outlives a restart."""
