"""[networks] and [services] back to TOML."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.firewall_words import written_service
from hadaemon.config.model import ClusterConfig


def object_lines(cluster: ClusterConfig, prefix: str) -> Iterator[str]:
    """Both tables; nothing where nothing has a name."""
    if cluster.networks:
        yield f"[{prefix}networks]"
    for name, found in cluster.networks.items():
        if found.file:
            yield f"{name} = {{ file = {json.dumps(found.file)} }}"
        else:
            yield f"{name} = {_strings(map(str, found.members))}"
    if cluster.services:
        yield f"[{prefix}services]"
    for name, service in cluster.services.items():
        yield f"{name} = {_strings(map(written_service, service.members))}"


def _strings(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(json.dumps, texts))}]"
