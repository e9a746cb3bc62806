"""What can go wrong while a box is set up. Every message says what, where, and what to do."""

from firmware.errors import FirmwareError
from firmware.lab.errors import ConsoleError


class ProvisionError(FirmwareError):
    """This box is not set up, or not wholly; the message says how far it came."""


class NotCarried(ConsoleError):
    """The line loses what is typed, or the box has gone from its other end."""


class Interrupted(ProvisionError):
    """The person has pressed Ctrl-C."""

    def __init__(self) -> None:
        super().__init__("interrupted")
