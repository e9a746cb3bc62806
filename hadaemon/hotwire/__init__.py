"""The hotwire's rules, pure: what the heartbeat says and when it is believed, addresses, exclusiveness,
detection."""
