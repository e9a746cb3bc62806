"""The connections of the pair in `hactl status`. Pure: a value in, lines out."""

from collections.abc import Iterator

from hadaemon.status.parts import ConntrackStatus


def conntrack_lines(conntrack: ConntrackStatus | None) -> Iterator[str]:
    """Nothing where connections are not told to another node."""
    if conntrack is None:
        return
    there = "unknown" if conntrack.there is None else conntrack.there
    here = "unknown" if conntrack.here is None else conntrack.here
    missing = f", {conntrack.missing} missing here" if conntrack.missing else ""
    running = "" if conntrack.running else "NOT SYNCHRONIZED: "
    yield f"connections: {running}{here} here, {there} on the other node{missing}"
    if conntrack.errors:
        yield f"  {', '.join(f'{count} {what}' for what, count in conntrack.errors.items())}"
