"""What happens at boot, once, as root: the node's files become the system's configuration."""
