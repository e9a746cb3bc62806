"""After a failure: logs, screens and captures of a lab are kept, and the error names where."""

import contextlib
import time
from collections.abc import Iterator

from firmware.errors import FirmwareError
from firmware.lab.lab import Lab
from firmware.paths import ARTIFACTS


@contextlib.contextmanager
def kept_on_failure(lab: Lab) -> Iterator[None]:
    """While it is entered. Whoever interrupts it has no question."""
    try:
        yield
    except Exception as error:
        folder = ARTIFACTS / "lab" / time.strftime("%Y-%m-%d-%H%M%S")
        lab.save_artifacts(folder)
        hint = f"Logs, screens and captures are kept in {folder}"
        if isinstance(error, FirmwareError):
            error.todo = f"{error.todo}\n  {hint}".strip()
        else:
            error.add_note(hint)
        raise
