"""Identifiers that look random and are not: derived from board and purpose, so that builds are equal."""

import uuid

from firmware.build.context import Context

_NAMESPACE = uuid.UUID("5bd0a4ff-9c3f-5a2e-8f0f-0d6c2f1f7b11")


def make_uuid(context: Context, purpose: str) -> uuid.UUID:
    """The UUID of something of a board's image; the same in every build of that board."""
    return uuid.uuid5(_NAMESPACE, f"{context.board.name}/{purpose}")
