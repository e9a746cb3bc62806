"""What a machine boots: GRUB for BIOS and UEFI, the ESP with the one grubenv, and a slot's kernel partition.

GRUB is made by grub-mkimage and placed by this code: grub-install would need root and a loop device.
"""

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from firmware.build.board import Board, Boot
from firmware.build.context import Context
from firmware.build.ids import make_uuid
from firmware.build.seal import SealedRoot

SECTOR = 512
BOOT_FILE_SYSTEM_SIZE = 64 << 20
"""Bytes: half of the boot partition, so that writing it stays quick; an update may use all of it."""

ESP_SIZE = 64 << 20
GRUBENV_SIZE = 1024
GRUBENV_HEADER = "# GRUB Environment Block\n"
GRUBENV = {"ORDER": "A B", "A_OK": "1", "B_OK": "0", "A_TRY": "0", "B_TRY": "0"}
"""The preset. Slot B is not OK until the first boot has filled it."""

_MODULES = (
    *("boot", "configfile", "echo", "fat", "linux", "loadenv", "ls", "minicmd", "normal", "part_gpt"),
    *("memrw", "probe", "reboot", "regexp", "serial", "setpci", "sleep", "terminal", "test", "true"),
)
_PLATFORM_MODULES = {Boot.BIOS: ["biosdisk", "halt"], Boot.UEFI: ["all_video", "efifwsetup", "halt"]}

CORE_CONFIGURATION = "set superusers=\n"
"""What GRUB's core carries out before it looks for grub.cfg: without that file nobody gets a prompt."""

# Offsets in GRUB's boot.img and diskboot.img, from its include/grub/i386/pc/boot.h and its bios-setup.
_BOOT_CODE_SIZE = 440
_KERNEL_SECTOR = 0x5C
_DRIVE_CHECK = 0x66
_BLOCK_LIST = SECTOR - 12
_CORE_SEGMENT = 0x0820


@dataclass(frozen=True)
class BiosLoader:
    """The two parts of GRUB for BIOS: the code in the first sector of the disk, and the rest."""

    boot_code: bytes
    core: bytes


def make_boot_image(context: Context, root: SealedRoot) -> Path:
    """`boot.vfat`: kernel, initrd and slot.cfg of a slot. It is the same in both slots."""
    folder = context.work / "boot-slot"
    folder.mkdir()
    for name in ("vmlinuz", "initrd.img"):
        shutil.copyfile(context.binaries / name, folder / name)
    (folder / "slot.cfg").write_text(f'set slot_arguments="{kernel_command_line(context.board, root)}"\n')
    return _make_fat(context, "boot.vfat", BOOT_FILE_SYSTEM_SIZE, folder, "BOOT")


def kernel_command_line(board: Board, root: SealedRoot) -> str:
    """The kernel's arguments; GRUB adds `rauc.slot`. The last console becomes /dev/console."""
    consoles = [f"console={console}" for console in board.consoles]
    fixed = ["root=/dev/mapper/hotspare-root", "rootfstype=squashfs", "ro"]
    return " ".join([*fixed, *consoles, *board.kernel_arguments, root.kernel_argument])


def make_esp(context: Context) -> Path:
    """`esp.vfat`: grub.cfg and grubenv for both kinds of firmware, GRUB itself for UEFI."""
    folder = context.work / "esp"
    (folder / "grub").mkdir(parents=True)
    template = (context.root / "board/common/grub.cfg").read_text()
    (folder / "grub/grub.cfg").write_text(template.replace("@TERMINAL@", terminal_commands(context.board)))
    (folder / "grub/grubenv").write_bytes(grubenv(GRUBENV))
    if Boot.UEFI in context.board.boot:
        (folder / "EFI/BOOT").mkdir(parents=True)
        _grub_image(context, Boot.UEFI, "x86_64-efi", "/grub", folder / "EFI/BOOT/BOOTX64.EFI")
    return _make_fat(context, "esp.vfat", ESP_SIZE, folder, "ESP")


def terminal_commands(board: Board) -> str:
    """GRUB commands that show the menu where the board has a console."""
    lines, names = [], ["console"] if board.screen else []
    if board.serial:
        unit, speed = board.serial
        lines.append(f"serial --unit={unit} --speed={speed} --word=8 --parity=no --stop=1")
        names.append("serial")
    return "\n".join([*lines, f"terminal_input {' '.join(names)}", f"terminal_output {' '.join(names)}"])


def grubenv(values: dict[str, str]) -> bytes:
    """GRUB's environment block: a header, assignments, and `#` up to exactly 1024 bytes."""
    text = GRUBENV_HEADER + "".join(f"{name}={value}\n" for name, value in values.items())
    return text.encode().ljust(GRUBENV_SIZE, b"#")


def make_bios_loader(context: Context, core_sector: int) -> BiosLoader | None:
    """GRUB for BIOS that reads grub.cfg from the ESP. None for a board without BIOS."""
    return bios_loader(context, core_sector, "(,gpt2)/grub") if Boot.BIOS in context.board.boot else None


def bios_loader(context: Context, core_sector: int, prefix: str, *modules: str) -> BiosLoader:
    """GRUB for BIOS, patched to find its core at `core_sector` of the disk, and its files in `prefix`."""
    path = context.work / "core.img"
    _grub_image(context, Boot.BIOS, "i386-pc", prefix, path, *modules)
    stage1 = context.tools.read("usr/lib/grub/i386-pc/boot.img")
    return BiosLoader(patch_boot_code(stage1, core_sector), patch_core(path.read_bytes(), core_sector))


def patch_boot_code(boot_img: bytes, core_sector: int) -> bytes:
    """boot.img with the place of the core, and with GRUB's cure for BIOSes that pass a wrong drive number."""
    code = bytearray(boot_img)
    struct.pack_into("<Q", code, _KERNEL_SECTOR, core_sector)
    code[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"
    return bytes(code[:_BOOT_CODE_SIZE])


def patch_core(core_img: bytes, core_sector: int) -> bytes:
    """core.img whose first sector knows where the other ones are: right behind it."""
    core = bytearray(core_img.ljust(-(-len(core_img) // SECTOR) * SECTOR, b"\0"))
    struct.pack_into("<QHH", core, _BLOCK_LIST, core_sector + 1, len(core) // SECTOR - 1, _CORE_SEGMENT)
    return bytes(core)


def _grub_image(context: Context, boot: Boot, target: str, prefix: str, result: Path, *modules: str) -> None:
    modules = (*_MODULES, *_PLATFORM_MODULES[boot], *modules)
    first = context.work / "core.cfg"
    first.write_text(CORE_CONFIGURATION)
    context.tools.run("grub-mkimage", "-O", target, "-c", first, "-p", prefix, "-o", result, *modules)


def _make_fat(context: Context, name: str, size: int, folder: Path, label: str) -> Path:
    """A FAT file system with the files of `folder`, sorted and with one time, so that builds are equal."""
    image = context.binaries / name
    with image.open("wb") as file:
        file.truncate(size)
    clock = {"SOURCE_DATE_EPOCH": str(context.epoch), "MTOOLS_SKIP_CHECK": "1"}
    volume = f"{make_uuid(context, name).int & 0xFFFFFFFF:08x}"
    context.tools.run("mkfs.vfat", "--invariant", "-i", volume, "-n", label, image, env=clock)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (context.epoch, context.epoch))
    entries = sorted(folder.iterdir())
    context.tools.run("mcopy", "-s", "-m", "-p", "-i", image, *entries, "::/", env=clock)
    return image
