"""`bench firmware`: what an update of a booted node costs, beside the least that any update must do.

Each section of the page is a function that measures and returns its text; `SECTIONS` has them in their order.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware import paths
from firmware.bench.measure import Figure, Row, machine, say, table
from firmware.build.image import build_image
from firmware.build.options import BuildOptions, BuildResult
from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

PAGE = paths.ROOT / "docs/benchmarks-firmware.md"
OLD, NEW = "1.0.0", "1.0.1"
SYNC_TARGET, INSTALL_TARGET = "10 %", "1"
_PACKAGE = Path("usr/local/lib/python3.13/dist-packages/hadaemon")
"""Of the image."""
_EDITED = 10
"""Every tenth file of hadaemon is edited."""
_EDIT = "\n\ndef _added_by_the_benchmark(number: int) -> int:\n    return number + {number}\n"
_BOOT_SECONDS = 400.0
_SECONDS = 600.0

INTRODUCTION = """\
# Benchmark: firmware

Made by `python3 invoke.py bench firmware` on {machine}, in two nodes that QEMU runs ({accelerator}): the
ratios count more than the seconds. Runs: {runs}; each figure is the median, with the least
and the most in brackets.

"""

NODE_TEXT = """\
## One node

{new} differs from {old} in hadaemon alone: {edited} of its {files} files have a function more. *Sync* is
`hactl firmware sync --from-peer` on the node that is behind, until the other slot is written and verified.

*Installation* is `hactl firmware install FILE` into an empty slot. Beside it is the least that it must do,
in the same run on the same disk: `dd` writes the bundle ({bundle:.0f} MB, kept for the peer) and both
images of the slot ({images:.0f} MB) one after the other, durably, and `sha256sum` reads all of it back.

"""

STEPS_TEXT = "\nWhere the time of the installation goes:\n\n"

_TIMED = """\
begin() {{ sync; echo 3 >/proc/sys/vm/drop_caches; mark=$(date +%s%N); }}
end() {{ echo "$1 $(($(date +%s%N) - mark))"; }}
"""

_WIPE = "blkdiscard -f /dev/disk/by-partlabel/boot-b; blkdiscard -f /dev/disk/by-partlabel/root-b"

_INSTALL = (
    _TIMED
    + """\
begin
hactl firmware install --allow-downgrade /data/new.raucb 2>&1 | while read -r line; do end "$line"; done
status=${{PIPESTATUS[0]}}
end installed
test "$status" = 0
"""
)

_LEAST = (
    _TIMED
    + """\
begin
dd if=/data/new.raucb of=/data/least bs=1M conv=fsync status=none
dd if=/dev/disk/by-partlabel/boot-a of=/dev/disk/by-partlabel/boot-b bs=1M count={boot} conv=fsync status=none
dd if=/dev/disk/by-partlabel/root-a of=/dev/disk/by-partlabel/root-b bs=1M count={root} conv=fsync status=none
end written
echo 3 >/proc/sys/vm/drop_caches
sha256sum /data/least >/dev/null
head -c {boot}M /dev/disk/by-partlabel/boot-b | sha256sum >/dev/null
head -c {root}M /dev/disk/by-partlabel/root-b | sha256sum >/dev/null
end verified
rm /data/least
"""
)


def bench_firmware(runs: int) -> None:
    """Measure, print the page and write docs/benchmarks-firmware.md."""
    text = "".join(section(runs) for section in SECTIONS)
    head = INTRODUCTION.format(machine=machine(), runs=runs, accelerator=_accelerator())
    print(head + text)
    PAGE.write_text(head + text)


@dataclass(frozen=True, slots=True)
class Builds:
    """Two builds of which the second one has edits in hadaemon."""

    old: BuildResult
    new: BuildResult
    edited: int
    files: int


def measure_node(runs: int) -> str:
    """Sync and installation."""
    builds = _build()
    options = LabOptions(
        builds.old.raw_image,
        special={"alpha": NodeOptions(image=builds.new.raw_image)},
        extra=(*_drive("old", builds.old.bundle), *_drive("new", builds.new.bundle)),
    )
    with Lab(STANDARD_PAIR, options) as lab:
        alpha, beta = lab.node("alpha"), lab.node("beta")
        _prepare(alpha, beta, builds)
        boot, root = (_megabytes(beta, part) for part in ("boot-a", "root-a"))
        travelled, whole, syncs, installs, least = [], [], [], [], []
        steps: dict[str, list[float]] = {}
        for number in range(runs):
            beta.run(_WIPE, root=True)
            seconds, came, size = _sync(beta)
            travelled.append(came)
            whole.append(size)
            syncs.append(seconds)
            beta.run(f"hactl firmware rollback; {_WIPE}", root=True)
            found = _lines(beta.run(_INSTALL.format(), root=True, seconds=_SECONDS).output)
            installs.append(found["installed"])
            for name, taken in _steps(found).items():
                steps.setdefault(name, []).append(taken)
            beta.run("hactl firmware rollback", root=True)
            spent = _lines(beta.run(_LEAST.format(boot=boot, root=root), root=True, seconds=_SECONDS).output)
            least.append(spent["verified"])
            say(
                f"run {number + 1}: {came:.1f} of {size:.1f} MB in {seconds:.1f} s; "
                f"installation {installs[-1]:.1f} s, dd and sha256sum {least[-1]:.1f} s"
            )
    share = Figure(tuple(100 * came / size for came, size in zip(travelled, whole, strict=True)), "%", 2)
    rows = [
        Row("bytes of the bundle that travel", share, target=SYNC_TARGET),
        Row("sync", Figure(tuple(syncs))),
        Row("installation", Figure(tuple(installs)), Figure(tuple(least)), INSTALL_TARGET),
    ]
    text = NODE_TEXT.format(
        old=OLD,
        new=NEW,
        edited=builds.edited,
        files=builds.files,
        bundle=builds.new.bundle.stat().st_size / 1e6,
        images=(boot + root) * 1.048576,
    )
    text += table(("", "Hotspare", "dd and sha256sum", "ratio", "target"), rows)
    rows = [Row(name, Figure(tuple(taken))) for name, taken in steps.items()]
    return text + STEPS_TEXT + table(("step", "seconds", "", "", ""), rows)


SECTIONS: tuple[Callable[[int], str], ...] = (measure_node,)


def _build() -> Builds:
    old = build_image(BuildOptions(version=OLD))
    files = sorted((paths.ROOT / "hadaemon").rglob("*.py"))
    chosen = [path for path in files if path.name != "__init__.py"][::_EDITED]
    with tempfile.TemporaryDirectory(prefix="hotspare-bench-") as folder:
        for number, path in enumerate(chosen):
            place = Path(folder) / _PACKAGE / path.relative_to(paths.ROOT / "hadaemon")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(path.read_text() + _EDIT.format(number=number))
        new = build_image(BuildOptions(version=NEW, overlay=Path(folder)))
    return Builds(old, new, len(chosen), len(files))


def _drive(name: str, bundle: Path) -> tuple[str, ...]:
    backend = f"if=none,id={name},file={bundle},format=raw,read-only=on"
    return ("-drive", backend, "-device", f"virtio-blk-pci,drive={name},serial={name}")


def _prepare(alpha: Node, beta: Node, builds: Builds) -> None:
    """Both are up, each keeps the bundle of what it runs, and beta has the new one as a file."""
    for node in (alpha, beta):
        node.power_on()
    alpha.wait_for_state("active", _BOOT_SECONDS)
    beta.wait_for_state("backup", _BOOT_SECONDS)
    for node in (alpha, beta):
        node.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", _BOOT_SECONDS, root=True)
    for node, name, size in (
        (alpha, "new", builds.new.bundle.stat().st_size),
        (beta, "old", builds.old.bundle.stat().st_size),
        (beta, "new", builds.new.bundle.stat().st_size),
    ):
        node.run(
            f"dd if=/dev/disk/by-id/virtio-{name} of=/data/{name}.raucb bs=1M status=none && "
            f"truncate -s {size} /data/{name}.raucb",
            root=True,
            seconds=_SECONDS,
        )
    alpha.run("hactl firmware keep /data/new.raucb", root=True, seconds=_SECONDS)
    beta.run("hactl firmware keep /data/old.raucb", root=True, seconds=_SECONDS)
    exchange_keys(alpha, beta)


def _megabytes(node: Node, partition: str) -> int:
    """How many MiB of a slot's partition its image has."""
    if partition.startswith("boot"):
        command = f"blkid -p -o value -s FSSIZE /dev/disk/by-partlabel/{partition}"
        return -(-int(node.run(command, root=True).output) // (1 << 20))
    found = re.search(r"hotspare\.verity=\d+:(\d+):", node.run("cat /proc/cmdline").output)
    assert found is not None, "a node that was started from a slot"
    return -(-int(found[1]) * 4096 // (1 << 20))


def _sync(node: Node) -> tuple[float, float, float]:
    """Seconds, MB that travelled, MB of the bundle."""
    script = _TIMED.format() + "begin\nhactl firmware sync --from-peer 2>&1 && end synchronized"
    output = node.run(script, root=True, seconds=_SECONDS).output
    found = re.search(r"([\d.]+) MB of ([\d.]+) MB came over the hotwire", output)
    assert found is not None, output
    return _lines(output)["synchronized"], float(found[1]), float(found[2])


def _lines(output: str) -> dict[str, float]:
    """Seconds by the words before them, in their order."""
    found = re.findall(r"^(\w[^\n]*?) (\d{6,})\r?$", output, re.MULTILINE)
    return {words: int(nanoseconds) / 1e9 for words, nanoseconds in found}


def _steps(found: dict[str, float]) -> dict[str, float]:
    """How long each took: a step's line comes when it begins."""
    names = ("copying", "checking", "installing", "verifying")
    begins = [found[name] for name in names] + [found["installed"]]
    return {name: end - begin for name, begin, end in zip(names, begins, begins[1:], strict=False)}


def _accelerator() -> str:
    from firmware.lab.capability import best_accelerator

    return best_accelerator().value.upper()
