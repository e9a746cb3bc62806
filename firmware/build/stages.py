"""The requests that the child does inside the namespaces.

`build` is the pipeline, `build_disk` its part up to a disk that boots, `clean` takes away.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from firmware.build import bmap, debian, hooks, manifest, plain
from firmware.build.assemble import assemble
from firmware.build.board import load_board
from firmware.build.boot import make_boot_image, make_esp
from firmware.build.bundle import keep_rules, make_bundle
from firmware.build.context import Context
from firmware.build.disk import make_data, make_disk
from firmware.build.layers import LayerCache, hide, overlay, remove_tree, share_mounts
from firmware.build.mirror import find_mirror
from firmware.build.options import BuildOptions
from firmware.build.progress import Progress
from firmware.build.publish import file_name, publish, raw_disk
from firmware.build.seal import SealedRoot, seal
from firmware.build.sparse import chunks
from firmware.build.tools import prepare_tools
from firmware.build.trust import Trust

Request = dict[str, Any]


def build(request: Request, sign: Callable[[bytes], bytes]) -> dict[str, str]:
    """Build one image: root file system, overlay, seal, disk, bundle, manifest."""
    with building(request) as context:
        root = fill_disk(context)
        return publish_results(context, root, sign)


def build_disk(request: Request) -> dict[str, str]:
    """Build one disk to boot here: nothing is compressed, signed or listed."""
    with building(request) as context:
        fill_disk(context)
        raw = raw_disk(context.cache, context.options)
        publish({context.binaries / "disk.img": raw})
        return {"raw_image": str(raw)}


def build_plain(request: Request) -> dict[str, str]:
    """Build the disk of a plain Debian."""
    with building(request) as context:
        return {"disk": str(plain.make_plain_disk(context))}


def clean(request: Request) -> dict[str, str]:
    """Remove the named folders of the cache, as far as it is allowed."""
    for name in request["names"]:
        remove_tree(Path(request["cache"]) / name)
    return {}


@contextmanager
def building(request: Request) -> Iterator[Context]:
    """The context of one build; its work folder and its mounts are gone afterwards."""
    options = read_options(request["options"])
    root, cache, images = (Path(request[name]) for name in ("root", "cache", "images"))
    share_mounts()
    for place in request["hidden"]:
        hide(Path(place))
    work = cache / "work"
    remove_tree(work)  # an earlier build that was killed left it
    work.mkdir(parents=True)
    (work / "binaries").mkdir()
    progress = Progress(cache / "logs")
    board = load_board(root / "board", options.board)
    mirror = find_mirror(options.mirror)
    with ExitStack() as stack:
        stack.callback(remove_tree, work)
        shared = (root,) if cache.is_relative_to(root) else (root, cache)
        tools = prepare_tools(cache, work, mirror, progress, stack, shared)
        layers = LayerCache(cache / "layers", work, fresh=options.fresh or options.release)
        yield Context(
            options,
            request["build_id"],
            board,
            mirror,
            progress,
            layers,
            tools,
            Trust.from_message(request["trust"]),
            root,
            cache,
            images,
            work,
        )


def read_options(values: dict[str, Any]) -> BuildOptions:
    """The options as the parent had them before they became JSON."""
    overlay = Path(values["overlay"]) if values["overlay"] else None
    return BuildOptions(**{**values, "overlay": overlay, "keyring": ()})


def fill_disk(context: Context) -> SealedRoot:
    """The part of the pipeline up to the disk."""
    layers = debian.fill_target(context)
    with overlay(layers, context.work / "target-changes", context.target):
        fill(context)
        root = seal_root(context)
        keep_rules(context)
    write_disk(context, root)
    return root


def fill(context: Context) -> None:
    """Lay everything that is Hotspare's own over the engine's root file system."""
    with context.progress.stage("target", "overlays, Python packages, hadaemon, hooks"):
        assemble(context)


def seal_root(context: Context) -> SealedRoot:
    """Squashfs and verity."""
    with context.progress.stage("seal", "squashfs with its verity tree"):
        return seal(context)


def write_disk(context: Context, root: SealedRoot) -> None:
    """Boot partitions, data partition and the disk of them all."""
    with context.progress.stage("disk", "boot partitions, data partition, disk"):
        make_boot_image(context, root)
        make_esp(context)
        make_data(context)
        make_disk(context)
        hooks.run_hooks(context, "post-image.sh", context.binaries)


def publish_results(context: Context, root: SealedRoot, sign: Callable[[bytes], bytes]) -> dict[str, str]:
    """Bundle, compressed disk, block map and manifest; then all of them appear at their places."""
    name = file_name(context.options)
    made = context.binaries
    with context.progress.stage("bundle", "signed update bundle, compressed disk, block map, manifest"):
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(compress, context), pool.submit(map_blocks, context)]
            hashes = make_bundle(context, sign)
            for job in jobs:
                job.result()
        folder = context.images / context.board.name
        artefacts = {
            made / "disk.img.zst": folder / f"{name}.img.zst",
            made / "disk.img.bmap": folder / f"{name}.img.bmap",
            made / "update.raucb": folder / f"{name}.raucb",
        }
        written = {place.name: path for path, place in artefacts.items()}
        manifest.write(manifest.manifest(context, root, hashes, written), made / "manifest.json")
        raw = raw_disk(context.cache, context.options)
        listing = folder / "manifest.json"
        publish({**artefacts, made / "disk.img": raw, made / "manifest.json": listing})
    image, block_map, bundle = artefacts.values()
    results = {
        "folder": folder,
        "image": image,
        "bmap": block_map,
        "bundle": bundle,
        "manifest": listing,
        "raw_image": raw,
    }
    return {key: str(path) for key, path in results.items()}


def compress(context: Context) -> None:
    """`disk.img.zst`. The level changes little: what takes space is compressed already."""
    level = "-9" if context.options.release else "-1"
    disk = context.binaries / "disk.img"
    size = f"--stream-size={disk.stat().st_size}"
    result = disk.with_name("disk.img.zst")
    context.tools.run("zstd", "-q", "-T2", level, "--no-progress", size, "-o", result, feed=chunks(disk))


def map_blocks(context: Context) -> None:
    """`disk.img.bmap`."""
    disk = context.binaries / "disk.img"
    disk.with_name("disk.img.bmap").write_text(bmap.block_map(disk))
