"""Sets boxes up over their serial consoles: answers the setup menu from a file, several ports at once."""

from firmware.provision.provision import ProvisionOptions, provision

__all__ = ["ProvisionOptions", "provision"]
