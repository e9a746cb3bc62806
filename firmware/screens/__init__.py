"""The manual's screens: captured from the real programs of the console, and written into the pages."""

from firmware.screens.pages import write_screens

__all__ = ["write_screens"]
