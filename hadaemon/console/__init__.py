"""The setup menu on a terminal: asks what the flows of `hadaemon.menu` ask, and does what they say."""
