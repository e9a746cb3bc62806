"""Programs of the system, and the other node through ssh."""
