"""The child process: its errors come back as errors, and a host that forbids namespaces is told so."""

import os

import pytest

from firmware.build import bundle, sandbox
from firmware.errors import FirmwareError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    def fail_with(text: str) -> None:
        monkeypatch.setattr(sandbox, "namespace_command", lambda: ["sh", "-c", f"echo '{text}' >&2; exit 1"])

    return fail_with


@pytest.mark.parametrize(
    "text",
    [
        "unshare: unshare failed: Operation not permitted",
        "unshare: write failed /proc/self/uid_map: Operation not permitted",
        "newuidmap: uid range [1-65536) -> [100000-165536) not allowed",
    ],
)
def test_a_host_without_user_namespaces(failing, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    failing(text)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(FirmwareError, match="does not let an ordinary user make namespaces") as error:
        sandbox.run_in_namespaces({"verb": "build"})
    assert "subordinate ids" in error.value.todo


def test_root_in_a_container_or_chroot_is_not_told_of_subordinate_ids(
    failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing("unshare: cannot change root filesystem propagation: Invalid argument")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(FirmwareError, match="does not let root make namespaces") as error:
        sandbox.run_in_namespaces({"verb": "build"})
    assert "mount point" in error.value.todo
    assert "subordinate" not in error.value.todo


def test_a_child_that_dies_is_not_taken_for_a_result(failing) -> None:
    failing("Killed")
    with pytest.raises(FirmwareError, match=r"without a result \(exit status 1\)"):
        sandbox.run_in_namespaces({"verb": "build"})


def test_missing_host_packages_are_named_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    present = {"newuidmap", "newgidmap", "mount", "unshare", "apt-get"}
    monkeypatch.setattr(sandbox.shutil, "which", lambda name, path: name if name in present else None)
    with pytest.raises(FirmwareError, match="mmdebstrap") as error:
        sandbox.require_host_programs()
    assert error.value.todo == "sudo apt-get install mmdebstrap"


def test_the_hashes_that_a_bundle_states() -> None:
    names = "RAUC_IMAGE_NAME_0='boot.vfat'\nRAUC_IMAGE_NAME_1='rootfs.img'\n"
    info = f"{names}RAUC_IMAGE_DIGEST_0='aa'\nRAUC_IMAGE_DIGEST_1='bb'\n"
    assert bundle.stated_hashes(info) == {"boot.vfat": "aa", "rootfs.img": "bb"}
