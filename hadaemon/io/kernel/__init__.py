"""The kernel: links, addresses, rules, connections, devices."""
