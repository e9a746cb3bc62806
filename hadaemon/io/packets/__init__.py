"""Packets in and out: VRRP, ARP, neighbour discovery, echo requests, the hotwire."""
