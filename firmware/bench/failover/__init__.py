"""Failover measured: hadaemon and keepalived side by side, in network namespaces of this machine.

`command` is the flow; `topology` the namespaces; `daemons` the two that are compared; `failures` what is
done to the active and what a client saw of it; `load` processors, memory and punctuality; `outage`, `plot`
and `page` turn records into figures.
"""
