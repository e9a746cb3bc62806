"""The update bundle: RAUC's verity format, signed, with block indexes to fetch only what changed."""

import re
import shutil

from firmware.build.context import Context
from firmware.errors import FirmwareError

MANIFEST = """\
[update]
compatible={compatible}
version={version}
build={build}

[bundle]
format=verity

[image.bootfs]
filename=boot.vfat
adaptive=block-hash-index

[image.rootfs]
filename=rootfs.img
adaptive=block-hash-index
"""


def make_bundle(context: Context) -> dict[str, str]:
    """Make `update.raucb` in BINARIES_DIR; returns the hashes that the bundle itself states, by image.

    It is read back with the keyring that the image will check it with.
    """
    folder = context.work / "bundle"
    folder.mkdir()
    for name in ("boot.vfat", "rootfs.img"):
        (folder / name).hardlink_to(context.binaries / name)
    version, compatible = context.options.version, context.board.compatible
    text = MANIFEST.format(compatible=compatible, version=version, build=context.build_id)
    (folder / "manifest.raucm").write_text(text)
    bundle = context.binaries / "update.raucb"
    # The root in it is compressed already: a strong compression of the rest would gain little for its time.
    squashfs = "-comp zstd -Xcompression-level 3"
    context.tools.run(
        # Its syncs would wait for all that the build has written so far.
        *("eatmydata", "rauc", f"--cert={context.keys.cert}", f"--key={context.keys.key}", "bundle"),
        *(f"--mksquashfs-args={squashfs}", folder, bundle),
    )
    info = context.tools.run(
        "rauc", f"--keyring={context.keys.keyring}", "info", "--output-format=shell", bundle
    )
    if f"RAUC_MF_COMPATIBLE='{compatible}'" not in info:
        raise FirmwareError("the bundle that was made does not read back", where=str(context.progress.log))
    shutil.rmtree(folder)
    return stated_hashes(info)


def stated_hashes(info: str) -> dict[str, str]:
    """SHA-256 by image, from `rauc info --output-format=shell`."""
    values = dict(re.findall(r"(?m)^(RAUC_IMAGE_(?:NAME|DIGEST)_\d+)='([^']*)'$", info))
    names = {key: value for key, value in values.items() if "_NAME_" in key}
    return {name: values[key.replace("_NAME_", "_DIGEST_")] for key, name in names.items()}
