"""Floods measured: what strangers' VRRP packets cost hadaemon and keepalived, and what they do to a pair.

`command` is the flow; `packets` makes what is sent and `flood_agent` sends it; `floods` are the kinds, and
what is seen meanwhile; `contenders` the daemons; `page` and `plot` turn records into figures. Namespaces,
daemons, the pinging client and the wire are those of `failover`.
"""
