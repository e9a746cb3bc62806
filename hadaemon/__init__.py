"""The HA daemon of a Hotspare node: pure decisions in vrrp, cluster and config; effects at the edge."""
