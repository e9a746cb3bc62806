"""The lab's network namespaces, for all tests here."""

from firmware.lab.namespaces import Namespace, Namespaces

__all__ = ["Namespace", "Namespaces"]
