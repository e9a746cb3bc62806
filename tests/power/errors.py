"""What can be wrong with a recording or with a disk that was made from it."""

from firmware.errors import FirmwareError


class RecordingError(FirmwareError):
    """The recording of a disk's writes cannot be used."""


class Fault(FirmwareError):
    """Something on the disk is not as it must be after a power cut. The message says what and where."""
