"""The connections of the pair in `hactl status`. Pure: a value in, lines out."""

from collections.abc import Iterator

from hadaemon.language.speech import _
from hadaemon.status.parts import ConntrackStatus


def conntrack_lines(conntrack: ConntrackStatus | None) -> Iterator[str]:
    """Nothing where connections are not told to another node."""
    if conntrack is None:
        return
    there = _("unknown") if conntrack.there is None else conntrack.there
    here = _("unknown") if conntrack.here is None else conntrack.here
    missing = f", {_('{count} missing here').format(count=conntrack.missing)}" if conntrack.missing else ""
    running = "" if conntrack.running else f"{_('NOT SYNCHRONIZED')}: "
    counts = _("{here} here, {there} on the other node").format(here=here, there=there)
    yield f"{_('connections')}: {running}{counts}{missing}"
    if conntrack.errors:
        yield f"  {', '.join(f'{count} {_(what)}' for what, count in conntrack.errors.items())}"
