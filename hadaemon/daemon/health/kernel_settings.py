"""Whether the kernel has the settings of `[kernel]`, and the values that they are to have."""

from collections.abc import Callable

from hadaemon.daemon.part import Part
from hadaemon.daemon.today import Today
from hadaemon.io.kernel.settings import read_setting
from hadaemon.problems import Problem, other


class KernelSettings(Part):
    """Looks at them whenever somebody asks; hotspare-kernel.service sets them."""

    def __init__(self, today: Today, read: Callable[[str], str | None] = read_setting) -> None:
        self._today = today
        self._read = read

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One for each setting that is not as cluster.toml says."""
        cluster = self._today.configuration.cluster
        wanted = cluster.kernel if cluster is not None else {}
        found = ((name, self._wrong(name, value)) for name, value in wanted.items())
        return tuple(other(f"kernel/{name}", text) for name, text in found if text)

    def _wrong(self, name: str, value: str) -> str:
        """Empty: nothing."""
        found = self._read(name)
        if found is None:
            return f"[kernel]: this kernel has no setting {name}: remove it from cluster.toml"
        if found != value:
            return f"[kernel]: {name} is {found}, not {value}: see `journalctl -u hotspare-kernel`"
        return ""
