"""What follows the active node or the configuration: services, connections, leases, rules, base network."""
