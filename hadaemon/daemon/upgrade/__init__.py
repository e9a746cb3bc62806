"""The upgrade of the pair, as this node takes part in it."""
