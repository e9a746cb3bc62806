"""The command `hactl`: asks the daemon and renders its answers. It decides nothing."""
