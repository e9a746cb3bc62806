"""The manifest: what is in an image and what came out, with sizes and hashes. Nothing tells of the host."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from firmware.build.context import Context
from firmware.build.seal import SealedRoot
from firmware.build.sparse import chunks

SCHEMA = 1
PARTS = ("vmlinuz", "initrd.img", "rootfs.img", "boot.vfat", "esp.vfat", "data.ext4")
"""What the disk is made of."""


def manifest(
    context: Context, root: SealedRoot, bundle: dict[str, str], artefacts: dict[str, Path]
) -> dict[str, Any]:
    """The manifest's content; `artefacts` by the names they are published under.

    `bundle` has the hashes that the bundle states: a bundle is never equal twice, for its signature.
    """
    parts = {name: context.binaries / name for name in PARTS}
    with ThreadPoolExecutor() as pool:  # hashing leaves the interpreter's lock alone
        disk, images, files = pool.map(describe_all, ({"": context.binaries / "disk.img"}, parts, artefacts))
    return {
        "schema": SCHEMA,
        "board": context.board.name,
        "compatible": context.board.compatible,
        "version": context.options.version,
        "build": context.build_id,
        "release": context.options.release,
        "source_date_epoch": context.epoch,
        "root_hash": root.root_hash,
        "images": images,
        "disk": disk[""],
        "bundle": bundle,
        "artefacts": files,
        "packages": packages(context.binaries / "packages.tsv"),
        "python_packages": python_packages(context.root / "requirements/image.txt"),
    }


def describe_all(files: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """`describe` for each of several files."""
    return {name: describe(path) for name, path in files.items()}


def describe(path: Path) -> dict[str, Any]:
    """Size in bytes and SHA-256 of a file."""
    digest = hashlib.sha256()
    for chunk in chunks(path):
        digest.update(chunk)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def packages(table: Path) -> list[dict[str, Any]]:
    """Every package that was installed; `dropped` ones helped to install others and their files are gone."""
    keys = ("name", "version", "installed_kib", "source", "files")
    rows = (line.split("\t") for line in table.read_text().splitlines())
    return [dict(zip(keys, row, strict=True)) | {"installed_kib": int(row[2])} for row in rows]


def python_packages(requirements: Path) -> list[dict[str, str]]:
    """Name and version of every locked Python package in the image."""
    lines = (line.split()[0].split("==") for line in requirements.read_text().splitlines() if "==" in line)
    return [{"name": name, "version": version} for name, version in lines]


def write(content: dict[str, Any], path: Path) -> None:
    """Write a manifest as JSON with sorted keys."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
