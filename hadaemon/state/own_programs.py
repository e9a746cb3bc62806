"""Whether the programs that cluster.toml names are there, and can be run: asked before it counts anywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

from hadaemon.config import ClusterConfig
from hadaemon.config.check_model import Program
from hadaemon.programs.script import interpreter
from hadaemon.state.services_check import is_firmware

Read = Callable[[str], bytes | None]
"""The content of a file by its path beside cluster.toml; None: there is none. May raise HadaemonError."""


def program_problems(cluster: ClusterConfig, read: Read) -> tuple[str, ...]:
    """A problem for each that cannot be run."""
    return tuple(f"{key}: {why}" for key, path in _programs(cluster) for why in _lacks(path, read(path)))


def _programs(cluster: ClusterConfig) -> Iterator[tuple[str, str]]:
    """Key and path of each."""
    for index, check in enumerate(cluster.checks):
        if isinstance(check.target, Program):
            yield f"checks[{index}].program", check.target.path
    for index, hook in enumerate(cluster.hooks):
        yield f"hooks[{index}].program", hook.program


def _lacks(path: str, content: bytes | None) -> Iterator[str]:
    if content is None:
        yield f"there is no {path} beside cluster.toml: add the program, and apply the folder"
        return
    try:
        found = interpreter(content)
    except ValueError as error:
        yield f"{path}: {error}"
        return
    if is_firmware() and not Path(found).exists():
        yield f"{path}: this firmware has no {found}: packages are chosen when the image is built"
