"""What this machine can do for the lab: an accelerator that really works, and the UEFI firmware.

`/dev/kvm` that opens proves nothing: on some machines it cannot run a guest. So the processor must offer
virtualization and a guest of one boot sector must run to its end.
"""

import functools
import subprocess
import tempfile
from pathlib import Path

from firmware.lab.command import Accelerator
from firmware.lab.errors import MissingCapability
from firmware.lab.machine import find_qemu

PROBE_SECONDS = 10.0
PROBE_PORT = 0xF4
PROBE_VALUE = 0x21
PROBE_STATUS = PROBE_VALUE << 1 | 1
"""How the device isa-debug-exit reports the value that the guest wrote."""
UEFI_PAIRS = (
    (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd")),
    (Path("/usr/share/OVMF/OVMF_CODE.fd"), Path("/usr/share/OVMF/OVMF_VARS.fd")),
)


@functools.cache
def best_accelerator() -> Accelerator:
    """KVM where it truly works, else TCG."""
    return Accelerator.KVM if _processor_virtualizes() and _kvm_runs_a_guest() else Accelerator.TCG


def uefi_firmware() -> tuple[Path, Path]:
    """Code and the template of the variables.

    Raises:
        MissingCapability: the firmware is not installed.
    """
    for code, variables in UEFI_PAIRS:
        if code.is_file() and variables.is_file():
            return code, variables
    raise MissingCapability("the UEFI firmware for QEMU is missing", todo="Install the package ovmf.")


def _processor_virtualizes() -> bool:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
    return bool(flags & {"vmx", "svm"})


def _kvm_runs_a_guest() -> bool:
    # mov al, value; out port, al; hlt; jmp $
    code = bytes((0xB0, PROBE_VALUE, 0xE6, PROBE_PORT, 0xF4, 0xEB, 0xFE))
    with tempfile.TemporaryDirectory(prefix="hotspare-kvm-") as folder:
        disk = Path(folder, "probe.img")
        disk.write_bytes(code.ljust(510, b"\0") + b"\x55\xaa")
        arguments = [find_qemu(), "-nodefaults", "-display", "none", "-accel", "kvm"]
        arguments += ["-drive", f"format=raw,file={disk}"]
        arguments += ["-device", f"isa-debug-exit,iobase={PROBE_PORT:#x},iosize=1"]
        try:
            done = subprocess.run(
                arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == PROBE_STATUS
