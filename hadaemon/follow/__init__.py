"""What follows the active node: ports and services that are down while the node is backup. Pure."""
