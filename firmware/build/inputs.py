"""What an image is made of, in one short text: an image of the same inputs need not be built again.

Not among them: when and as what the checkout was committed, and which packages the mirror had. Both are in an
image for the record; a newer one of either changes nothing that is tested. `image` builds with them anew.
"""

from pathlib import Path

from firmware.build.checkout import INPUTS
from firmware.build.keys import trusted_text
from firmware.build.layers import key_of, tree_hash
from firmware.build.options import BuildOptions


def fingerprint(options: BuildOptions, root: Path) -> str:
    """Equal for equal options and equal files of the checkout."""
    overlay = tree_hash(options.overlay) if options.overlay else ""
    return key_of(options.board, options.version, [tree_hash(root / name) for name in INPUTS], overlay)


def is_unchanged(disk: Path, inputs: str, options: BuildOptions, cache: Path) -> bool:
    """Whether the raw disk is there, was made of these inputs, and trusts the present certificates."""
    note = _note(disk)
    return disk.is_file() and note.is_file() and note.read_text() == _note_text(inputs, options, cache)


def remember(disk: Path, inputs: str, options: BuildOptions, cache: Path) -> None:
    """Note what a raw disk was made of. The first build makes the certificate: it is looked at afterwards."""
    _note(disk).write_text(_note_text(inputs, options, cache))


def forget(disk: Path) -> None:
    """Before the disk is replaced: whatever becomes of it, it is not what the note says."""
    _note(disk).unlink(missing_ok=True)


def _note(disk: Path) -> Path:
    return disk.with_suffix(".inputs")


def _note_text(inputs: str, options: BuildOptions, cache: Path) -> str:
    return key_of(inputs, trusted_text(options, cache))
