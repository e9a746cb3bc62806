"""What is on this node, as daemon and operations both read it: configuration, places, firmware."""
