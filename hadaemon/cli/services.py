"""What follows the active node, in `hactl status`. Pure: values in, lines out."""

from collections.abc import Iterator, Sequence

from hadaemon.language.speech import _
from hadaemon.status.parts import ServiceStatus


def service_lines(services: Sequence[ServiceStatus]) -> Iterator[str]:
    """Nothing where nothing follows."""
    if not services:
        return
    width = max(len(service.unit) for service in services)
    yield f"{_('services')}:"
    for service in services:
        state = "down" if service.well and not service.wanted else service.state
        word = _("up") if service.wanted else _("down")
        wanted = "" if service.well else _(", and is to be {state}").format(state=word)
        yield f"  {service.unit:{width}}  {_(state)}{wanted}"
