"""The daemon's own health and the node's: watchdog, alarms, history, and the trial of new firmware."""
