"""What can go wrong in the lab. Every message says what, where, and what to do."""

from firmware.errors import FirmwareError


class LabError(FirmwareError):
    """Base of all errors of the lab."""


class TopologyError(LabError):
    """The topology contradicts itself, or names what it does not have."""


class MissingCapability(LabError):
    """This machine lacks something the lab needs, such as QEMU or the UEFI firmware."""


class MachineError(LabError):
    """A virtual machine did not start, ended by itself, or refused an order."""


class ConsoleError(LabError):
    """The console of a node is gone, or what it says makes no sense."""


class CommandFailed(LabError):
    """A command in a node ended with a status other than zero."""


class DeadlineExceeded(LabError):
    """Something that was waited for did not happen in time."""
