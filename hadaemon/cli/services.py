"""What follows the active node, in `hactl status`. Pure: an answer in, lines out."""

from collections.abc import Iterator
from typing import Any


def service_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Nothing where nothing follows."""
    services = answer.get("services")
    if not services:
        return
    width = max(len(service["unit"]) for service in services)
    yield "services:"
    for service in services:
        state = service["state"]
        well = state == "up" if service["wanted"] else state in ("down", "failed")
        wanted = "" if well else f", and is to be {'up' if service['wanted'] else 'down'}"
        yield f"  {service['unit']:{width}}  {'down' if well and not service['wanted'] else state}{wanted}"
