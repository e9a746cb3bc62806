"""Power cuts, offline: what a disk may hold when the power goes, and whether it still boots.

A killed QEMU loses little, because the host keeps what the guest wrote. So the lab records every write of a
node (`NodeOptions.record`), and this package plays beginnings of the recording back on a copy of the disk:

- `writes` reads the recording, `cuts` chooses where the power goes, `replay` makes the disk of that instant;
- `fat`, `ext4`, `gpt`, `verity` look at one thing each, by the programs that everybody has for it, and
  `boot_environment` at GRUB's;
- `check` asks all that a node needs to start again, and names every fault.
"""
