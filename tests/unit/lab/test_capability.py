"""KVM is believed only when processor and guest agree."""

import subprocess
from pathlib import Path

import pytest

from firmware.lab import capability
from firmware.lab.command import Accelerator
from firmware.lab.errors import MissingCapability


@pytest.mark.parametrize(
    "flags, runs, expected",
    [
        (True, True, Accelerator.KVM),
        (True, False, Accelerator.TCG),
        (False, True, Accelerator.TCG),
        (False, False, Accelerator.TCG),
    ],
)
def test_both_must_hold(
    flags: bool, runs: bool, expected: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capability, "_processor_virtualizes", lambda: flags)
    monkeypatch.setattr(capability, "_kvm_runs_a_guest", lambda: runs)
    assert capability.best_accelerator.__wrapped__() is expected


@pytest.mark.parametrize("status, expected", [(67, True), (0, False), (1, False)])
def test_the_guest_must_have_run_to_its_end(
    status: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capability, "find_qemu", lambda: "qemu")
    monkeypatch.setattr(
        capability.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], status)
    )
    assert capability._kvm_runs_a_guest() is expected


def test_a_guest_that_hangs_is_no_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("qemu", 10)

    monkeypatch.setattr(capability, "find_qemu", lambda: "qemu")
    monkeypatch.setattr(capability.subprocess, "run", hang)
    assert capability._kvm_runs_a_guest() is False


def test_missing_firmware_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capability, "UEFI_PAIRS", ((tmp_path / "code", tmp_path / "variables"),))
    with pytest.raises(MissingCapability) as caught:
        capability.uefi_firmware()
    assert "ovmf" in caught.value.todo
