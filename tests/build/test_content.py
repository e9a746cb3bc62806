"""What is in a built image, read out of its root file system as it is on the disk."""

import subprocess
from pathlib import Path

from firmware.build import disk, sandbox

from .conftest import Built


def read(image: Path, cache: Path, name: str) -> str:
    """A file of slot A, read by the tools tree's own program."""
    tools = next(cache.glob("layers/tools-*"))
    offset = str(disk.partition_offsets()["root-a"])
    script = 'mount --bind "$1" "$2/mnt" && exec chroot "$2" unsquashfs -o "$3" -cat "/mnt/$4" "$5"'
    words = [str(image.parent), str(tools), offset, image.name, name]
    command = [*sandbox.namespace_command(), "sh", "-c", script, "sh", *words]
    return subprocess.run(
        command, env=sandbox.child_environment(), capture_output=True, errors="replace", check=True
    ).stdout


def test_nobody_has_a_password(built: Built, cache: Path) -> None:
    image = built.results["raw_image"]
    passwd, shadow = (
        [line.split(":") for line in read(image, cache, name).splitlines()]
        for name in ("etc/passwd", "etc/shadow")
    )
    assert {"root", "admin", "hadaemon", "sshd"} <= {row[0] for row in shadow}
    assert {row[0] for row in shadow} == {row[0] for row in passwd}
    assert {row[1] for row in shadow} == {"!*"}
    assert {row[1] for row in passwd} == {"x"}


def test_bash_completes_hactl(built: Built, cache: Path) -> None:
    image = built.results["raw_image"]
    place = "usr/share/bash-completion/completions"
    assert (
        read(image, cache, f"{place}/hactl")
        == (built.checkout / "rootfs-overlay" / place / "hactl").read_text()
    )
    assert "complete" in read(image, cache, f"{place}/sudo"), "also behind sudo"
    assert "bash_completion" in read(image, cache, "etc/profile.d/bash_completion.sh")


def test_the_ready_configurations_are_on_the_node(built: Built, cache: Path) -> None:
    image = built.results["raw_image"]
    for file in ("dsl-modem/cluster.toml", "test-case/fw1/node.toml"):
        ours = (built.checkout / "docs/setups" / file).read_text()
        assert read(image, cache, f"usr/share/doc/hotspare/setups/{file}") == ours


def test_pppd_finds_what_it_does_not_start_without(built: Built, cache: Path) -> None:
    """MD4, of MS-CHAP, is in OpenSSL's legacy provider: a package that nothing names as a need of pppd."""
    image = built.results["raw_image"]
    assert read(image, cache, "usr/lib/x86_64-linux-gnu/ossl-modules/legacy.so").startswith("\x7fELF")
