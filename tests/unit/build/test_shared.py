"""What stages share: layers, commands' failures, keys, space."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.build import commands, image, keys, layers
from firmware.build.options import BuildOptions
from firmware.errors import FirmwareError


def test_a_trees_hash_sees_names_contents_modes_and_links(tmp_path: Path) -> None:
    hashes = {layers.tree_hash(tmp_path / "none")}

    def changed() -> None:
        value = layers.tree_hash(tmp_path)
        assert value not in hashes
        hashes.add(value)

    (tmp_path / "a").write_text("1")
    changed()
    (tmp_path / "a").write_text("2")
    changed()
    (tmp_path / "a").chmod(0o755)
    changed()
    (tmp_path / "a").rename(tmp_path / "b")
    changed()
    (tmp_path / "l").symlink_to("b")
    changed()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x.pyc").write_text("noise")
    assert layers.tree_hash(tmp_path) in hashes


def test_a_layer_appears_when_it_is_kept_and_old_ones_go(tmp_path: Path) -> None:
    cache = layers.LayerCache(tmp_path / "layers", tmp_path / "work")
    for number in range(layers.KEPT_PER_NAME + 2):
        key = f"key{number}"
        assert cache.ready("base", key) is None
        draft = cache.draft("base")
        (draft / "file").write_text(key)
        kept = cache.keep(draft, "base", key)
        os.utime(kept, (number, number))
        assert not draft.exists()
    assert len(list((tmp_path / "layers").iterdir())) == layers.KEPT_PER_NAME
    newest = cache.ready("base", key)
    assert newest is not None
    assert (newest / "file").read_text() == key
    assert layers.LayerCache(tmp_path / "layers", tmp_path / "work", fresh=True).ready("base", key) is None


def test_mount_points_are_found_in_a_folder_and_not_beside_it() -> None:
    lines = [
        f"36 35 98:0 / {place} rw,noatime shared:1 - ext4 /dev/root rw"
        for place in ("/", "/c/work2", "/c/work/tools", r"/c/work/a\040b")
    ]
    assert layers.mounts_in(Path("/c/work"), "\n".join(lines)) == ["/c/work/tools", "/c/work/a b"]


def test_a_folder_with_a_mount_in_it_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "mounts_in", lambda folder, _: [str(folder / "tools")])
    layers.remove_tree(tmp_path)
    assert tmp_path.exists()
    monkeypatch.setattr(layers, "mounts_in", lambda _folder, _: [])
    layers.remove_tree(tmp_path)
    assert not tmp_path.exists()


@pytest.mark.parametrize(
    "output, message, todo",
    [
        ("E: Unable to locate package nosuchthing", "package nosuchthing does not exist", "packages"),
        ("Err:1 http://m trixie\n  Temporary failure resolving 'm'", "cannot be reached", "--mirror"),
        ("dpkg: error: No space left on device", "no space left", "HOTSPARE_CACHE"),
        (
            "E: The repository 'http://m trixie Release' does not have a Release file.",
            "does not have",
            "--mirror",
        ),
        ("something else\nand its last line", "and its last line", "log"),
    ],
)
def test_a_failed_command_says_what_it_means(tmp_path: Path, output: str, message: str, todo: str) -> None:
    log = tmp_path / "stage.log"
    with pytest.raises(FirmwareError) as error:
        commands.run(["sh", "-c", f'printf "%s\\n" "{output}" >&2; exit 100'], log)
    assert message in error.value.what
    assert todo in error.value.todo
    assert error.value.where == str(log)
    assert output.splitlines()[-1] in log.read_text()


def test_an_earlier_commands_output_does_not_explain_a_later_failure(tmp_path: Path) -> None:
    log = tmp_path / "stage.log"
    commands.run(["sh", "-c", "echo 'No space left on device' >&2"], log)
    with pytest.raises(FirmwareError, match="exit status 3"):
        commands.run(["sh", "-c", "exit 3"], log)


def test_a_command_that_waits_on_a_full_disk_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "is_full", lambda _: True)
    with pytest.raises(FirmwareError, match="no space left") as error:
        commands.run(["sh", "-c", "sleep 600; true"], tmp_path / "stage.log")
    assert str(tmp_path) in error.value.where


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match="no-such-program-here is missing"):
        commands.run(["no-such-program-here"], tmp_path / "log")


def test_a_failure_names_the_program_and_not_its_wrappers() -> None:
    command = ["unshare", "--mount", "--propagation=private", "chroot", "/t", "env", "A=b", "mksquashfs", "x"]
    assert commands.command_name(command) == "mksquashfs"


@pytest.mark.parametrize(
    "options, message",
    [
        (BuildOptions(release=True), "must name its key"),
        (BuildOptions(release=True, key="k"), "must name its key"),
        (BuildOptions(key="k"), "belong together"),
        (BuildOptions(keyring=("k",)), "for keys that are named"),
        (BuildOptions(passphrase=Path("p")), "for keys that are named"),
        (BuildOptions(key="pkcs11:object=a?pin-value=1", cert=Path("c")), "seen by everybody"),
        (BuildOptions(key="pkcs11:object=a", cert=Path("/no/cert")), "there is no file /no/cert"),
        (BuildOptions(key="/no/key", cert=Path("/no/cert")), "there is no file /no/key"),
    ],
)
def test_signing_options_that_cannot_be(options: BuildOptions, message: str) -> None:
    with pytest.raises(FirmwareError, match=message):
        keys.check_release_keys(options)


def test_a_full_disk_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image.shutil, "disk_usage", lambda _: SimpleNamespace(free=7 << 20))
    with pytest.raises(FirmwareError, match="7 MiB are free") as error:
        image.check_space(tmp_path)
    assert error.value.where == str(tmp_path)


def test_an_overlay_that_is_no_folder_is_told_before_anything_is_built(tmp_path: Path) -> None:
    image.check_overlay(BuildOptions(overlay=tmp_path))
    with pytest.raises(FirmwareError, match="there is no folder /no/overlay") as error:
        image.check_overlay(BuildOptions(overlay=Path("/no/overlay")))
    assert error.value.where == "--overlay"


def test_two_builds_take_turns(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with image.exclusive(tmp_path):
        assert subprocess.run(["flock", "--nonblock", lock, "true"], check=False).returncode == 1
    assert subprocess.run(["flock", "--nonblock", lock, "true"], check=False).returncode == 0
