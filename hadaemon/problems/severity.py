"""How bad it is: RFC 8632 §2.3 without `indeterminate`."""

from enum import StrEnum


class Severity(StrEnum):
    """The first is the worst."""

    CRITICAL = "critical"
    """This node serves nothing, or nobody can take its place."""
    MAJOR = "major"
    """Something has failed that the next failure would show."""
    MINOR = "minor"
    WARNING = "warning"

    @property
    def syslog(self) -> int:
        """The priority of a message of it (RFC 5674 §3)."""
        return _SYSLOG[self]

    def reaches(self, least: "Severity") -> bool:
        """It is at least as bad."""
        return _ORDER.index(self) <= _ORDER.index(least)


_ORDER = tuple(Severity)
_SYSLOG = {Severity.CRITICAL: 1, Severity.MAJOR: 2, Severity.MINOR: 3, Severity.WARNING: 4}
