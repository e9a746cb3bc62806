"""`bench conntrack`: the connections of a pair, beside conntrackd with its stock configuration and script."""
