"""The firewall's rules, pure: from cluster.toml and its snippets to one nftables rule set, and which
connections a change of NAT outdates."""
