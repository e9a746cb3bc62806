"""[kernel] of cluster.toml: the administrator's own settings of the kernel, on both nodes."""

from fnmatch import fnmatchcase

from hadaemon.config.kernel_table import OWNED, SETTINGS, Kind, Number, Rising, Words
from hadaemon.config.mistakes import nearest
from hadaemon.config.reader import Table

_PAGE = "docs/firewall.md#kernel-settings"


def read_kernel(table: Table) -> dict[str, str] | None:
    """Values by name, as the kernel takes them; empty: there are none. None when a mistake was noted."""
    return table.tagged("kernel", _name, _value)


def _name(name: str) -> str:
    """One that may be set. Raises ValueError."""
    if name in SETTINGS:
        return name
    if "." not in name:
        raise ValueError('is no whole name: write it in quotation marks, e.g. "net.ipv4.tcp_sack" = 0')
    for pattern, owner in OWNED:
        if fnmatchcase(name, pattern):
            raise ValueError(f"is set by {owner}: leave it out")
    near = nearest(name, SETTINGS)
    if near:
        raise ValueError(f"cannot be set here: did you mean {near}?")
    raise ValueError(f"cannot be set here: {_PAGE} has those that can")


def _value(table: Table, name: str) -> str | None:
    """None when a mistake was noted, also by `_name`."""
    kind, value = SETTINGS.get(name), table.raw[name]
    if kind is None:
        return None
    try:
        return _written(kind, value)
    except ValueError as error:
        table.note(name, str(error))
        return None


def _written(kind: Kind, value: object) -> str:
    """As the kernel takes it. Raises ValueError."""
    match kind:
        case Number(low, high):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"must be an integer from {low} to {high}, without quotation marks")
            return str(value)
        case Words(words):
            if value not in words:
                raise ValueError(f"must be one of {', '.join(words)}, in quotation marks")
            return str(value)
        case Rising(count, low, high):
            parts = value.split() if isinstance(value, str) else []
            numbers = [int(part) for part in parts if part.isascii() and part.isdecimal()]
            fits = len(parts) == len(numbers) == count and numbers == sorted(numbers)
            if not fits or not low <= numbers[0] <= numbers[-1] <= high:
                raise ValueError(
                    f"must be {count} numbers from {low} to {high} in quotation marks, none smaller than the "
                    "one before it"
                )
            return " ".join(map(str, numbers))
