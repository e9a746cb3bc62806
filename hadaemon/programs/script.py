"""What may be run: a script of the configuration. Files there have no mode, so its first line says it all."""

MAX_BYTES = 64 << 10
"""Of one script: it is handed to the sandbox for each run."""
EXAMPLE = "#!/bin/sh"


def interpreter(content: bytes) -> str:
    """The program that its first line names. Raises ValueError with what to do."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"has {len(content)} bytes, {MAX_BYTES} are the limit: call what is in the image")
    try:
        first = content.decode().partition("\n")[0]
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text at byte {error.start}: only scripts can be run") from error
    words = first.removeprefix("#!").split()
    if not first.startswith("#!") or not words or not words[0].startswith("/"):
        raise ValueError(
            f"is not executable: its first line does not name an interpreter with its path, as {EXAMPLE} does"
        )
    if first.endswith("\r"):
        raise ValueError("is not executable: its lines end as Windows ends them: save it with Unix line ends")
    return words[0]
