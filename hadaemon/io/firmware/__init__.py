"""Bundles, slots and disks."""
