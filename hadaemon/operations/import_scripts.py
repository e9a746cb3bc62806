"""Programs that keepalived's files name: looked for beside the file, then at their path on this machine."""

from collections.abc import Iterator
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.program_files import read_program
from hadaemon.keepalived.source import Place
from hadaemon.programs.script import interpreter


def find_script(path: str, place: Place, first_line: str) -> str | None:
    """The text of the first that is there; None: there is none. `first_line`: of one beside the file that
    names no interpreter itself; what is elsewhere must be seen to be a script. Raises ValueError: no node
    could run it, with the reason."""
    for candidate in _candidates(path, Path(place.file).parent):
        content = _content(candidate)
        if content is not None:
            if first_line and candidate != Path(path) and not content.startswith(b"#!"):
                content = first_line.encode() + content
            interpreter(content)
            return content.decode()
    return None


def _candidates(path: str, folder: Path) -> Iterator[Path]:
    """Below the folder with as many of its own folders as are there, then where it says."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    for begin in range(len(parts)):
        yield folder.joinpath(*parts[begin:])
    if path.startswith("/"):
        yield Path(path)


def _content(path: Path) -> bytes | None:
    """None: there is no such file. Never waits for the other end of a pipe."""
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise ValueError(f"{path} is no file")
        return read_program(path.parent, path.name)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except HadaemonError as error:
        raise ValueError(str(error)) from error
