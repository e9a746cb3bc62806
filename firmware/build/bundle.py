"""The update bundle: RAUC's verity format, signed, with block indexes to fetch only what changed.

RAUC makes it with a key that is made for that and thrown away. Then its signature, at its end the CMS
with the manifest in it and its length in eight bytes, is replaced by one of the real key, which is not here.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

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


_LENGTH = 8
"""Bytes at the end of a bundle: the length of its signature, most significant byte first."""
RULES = "etc/rauc"
"""What RAUC is told on a node, its keyring included."""


def keep_rules(context: Context) -> None:
    """Keep what the sealed root tells RAUC, hooks and overlays included: the bundle is verified with it."""
    shutil.copytree(context.target / RULES, context.work / "rauc")


def make_bundle(context: Context, sign: Callable[[bytes], bytes]) -> dict[str, str]:
    """Make `update.raucb` in BINARIES_DIR; returns the hashes that the bundle itself states, by image.

    It is read back as a node with this image reads it. Raises FirmwareError: such a node would not take it.
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
    draft = context.work / "draft"
    draft.mkdir()
    key, cert = draft / "key.pem", draft / "cert.pem"
    context.tools.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", "/CN=draft", "-keyout", key, "-out", cert),
    )
    context.tools.run(
        # Its syncs would wait for all that the build has written so far.
        *("eatmydata", "rauc", f"--cert={cert}", f"--key={key}", "bundle"),
        *(f"--mksquashfs-args={squashfs}", folder, bundle),
    )
    signature = draft / "signature"
    with bundle.open("r+b") as file:
        signature.write_bytes(_cut_signature(file.fileno()))
        manifest = draft / "manifest"
        read = ("openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER")
        context.tools.run(*read, "-in", signature, "-out", manifest)
        made = sign(manifest.read_bytes())
        file.seek(0, os.SEEK_END)
        file.write(made + len(made).to_bytes(_LENGTH, "big"))
    shutil.rmtree(draft)
    info = context.tools.run(*_as_node(context.work / "rauc"), "info", "--output-format=shell", bundle)
    if f"RAUC_MF_COMPATIBLE='{compatible}'" not in info:
        raise FirmwareError("the bundle that was made does not read back", where=str(context.progress.log))
    shutil.rmtree(folder)
    return stated_hashes(info)


def _cut_signature(descriptor: int) -> bytes:
    """Takes it off the end of a bundle, with its length."""
    size = os.fstat(descriptor).st_size
    length = int.from_bytes(os.pread(descriptor, _LENGTH, size - _LENGTH), "big")
    payload = size - _LENGTH - length
    signature = os.pread(descriptor, length, payload)
    os.ftruncate(descriptor, payload)
    return signature


def _as_node(rules: Path) -> tuple[str, ...]:
    """RAUC with a node's own configuration; the keyring is beside it."""
    place = f"--confopt=keyring:path={rules / 'keyring.pem'}"
    return ("rauc", f"--conf={rules / 'system.conf'}", place)


def stated_hashes(info: str) -> dict[str, str]:
    """SHA-256 by image, from `rauc info --output-format=shell`."""
    values = dict(re.findall(r"(?m)^(RAUC_IMAGE_(?:NAME|DIGEST)_\d+)='([^']*)'$", info))
    names = {key: value for key, value in values.items() if "_NAME_" in key}
    return {name: values[key.replace("_NAME_", "_DIGEST_")] for key, name in names.items()}
