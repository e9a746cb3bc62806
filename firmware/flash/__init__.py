"""Writes an image to a disk, a USB stick or an eMMC, and proves that it is there."""
