"""What follows the active node, in `hactl status`. Pure: values in, lines out."""

from collections.abc import Iterator, Sequence

from hadaemon.status.parts import ServiceStatus


def service_lines(services: Sequence[ServiceStatus]) -> Iterator[str]:
    """Nothing where nothing follows."""
    if not services:
        return
    width = max(len(service.unit) for service in services)
    yield "services:"
    for service in services:
        state = "down" if service.well and not service.wanted else service.state
        wanted = "" if service.well else f", and is to be {'up' if service.wanted else 'down'}"
        yield f"  {service.unit:{width}}  {state}{wanted}"
