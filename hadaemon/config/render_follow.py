"""[follow] back to TOML."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.follow_model import DEFAULT_STOP, DhcpNetwork, DialIn, Follow, Service, Tunnel

_LEASE_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def follow_lines(follow: Follow, path: str, secrets: bool) -> Iterator[str]:
    """No lines if nothing follows."""
    if follow == Follow():
        return
    yield f"[{path}]"
    if follow.ports:
        yield f"ports = {_strings(follow.ports)}"
    for service in follow.services:
        yield from (f"[[{path}.services]]", *_service(service))
    for tunnel in follow.wireguard:
        yield from (f"[[{path}.wireguard]]", *_tunnel(tunnel, path, secrets))
    for dial_in in follow.pppoe:
        yield from (f"[[{path}.pppoe]]", *_dial_in(dial_in, secrets))
    for network in follow.dhcp:
        yield from (f"[[{path}.dhcp]]", *_dhcp(network))
    if follow.haproxy is not None:
        yield from (f"[{path}.haproxy]", "enabled = true")
        yield f"transparent = {_flag(follow.haproxy.transparent)}"
        yield f"on_backup = {_flag(follow.haproxy.on_backup)}"


def _service(service: Service) -> Iterator[str]:
    yield f"unit = {_string(service.unit)}"
    if service.stop_timeout != DEFAULT_STOP:
        yield f'stop_timeout = "{service.stop_timeout * 1000:.0f}ms"'
    if service.source is not None:
        yield f'source = "{service.source}"'
    if service.counts:
        yield "counts = true"


def _tunnel(tunnel: Tunnel, path: str, secrets: bool) -> Iterator[str]:
    yield f"name = {_string(tunnel.name)}"
    if secrets:
        yield f"private_key = {_string(tunnel.private_key)}"
    yield f"addresses = {_strings(map(str, tunnel.addresses))}"
    if tunnel.listen_port is not None:
        yield f"listen_port = {tunnel.listen_port}"
    yield f"mtu = {tunnel.mtu}"
    if tunnel.source is not None:
        yield f'source = "{tunnel.source}"'
    for peer in tunnel.peers:
        yield f"[[{path}.wireguard.peers]]"
        yield f"public_key = {_string(peer.public_key)}"
        yield f"allowed = {_strings(map(str, peer.allowed))}"
        if peer.endpoint is not None:
            yield f"endpoint = {_string(peer.endpoint)}"
        if peer.preshared_key is not None and secrets:
            yield f"preshared_key = {_string(peer.preshared_key)}"
        yield f"keepalive = {peer.keepalive}"


def _dial_in(dial_in: DialIn, secrets: bool) -> Iterator[str]:
    yield f"name = {_string(dial_in.name)}"
    yield f"port = {_string(dial_in.port)}"
    yield f"user = {_string(dial_in.user)}"
    if secrets:
        yield f"password = {_string(dial_in.password)}"
    yield f"default_route = {_flag(dial_in.default_route)}"
    yield f"mtu = {dial_in.mtu}"
    if dial_in.vlan is not None:
        yield f"vlan = {dial_in.vlan}"


def _dhcp(network: DhcpNetwork) -> Iterator[str]:
    yield f"port = {_string(network.port)}"
    yield f'range = "{network.first}-{network.last}"'
    yield f'lease = "{_lease(network.lease)}"'
    if network.gateway is not None:
        yield f'gateway = "{network.gateway}"'
    if network.dns:
        yield f"dns = {_strings(map(str, network.dns))}"
    if network.domain is not None:
        yield f"domain = {_string(network.domain)}"
    if network.hosts:
        pairs = (f"{_string(mac)} = {_string(str(ip))}" for mac, ip in network.hosts.items())
        yield f"hosts = {{ {', '.join(pairs)} }}"


def _lease(seconds: int) -> str:
    """In the largest unit that it is a whole number of."""
    return next(
        (f"{seconds // size}{unit}" for unit, size in _LEASE_UNITS if not seconds % size), f"{seconds}s"
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _strings(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, values))}]"
