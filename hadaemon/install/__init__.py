"""Installs what runs from a stick on the disk of the box: which may be taken, and what goes where. Pure."""
