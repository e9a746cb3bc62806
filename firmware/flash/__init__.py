"""Writes an image to a disk, a USB stick or an eMMC, and proves that it is there."""

from firmware.flash.flash import FlashOptions, flash

__all__ = ["FlashOptions", "flash"]
