"""The commands about the box: its backup, its firmware, its disks, and whoever has to look after it."""

from hadaemon.commands.command import Command
from hadaemon.commands.node import FOR_PROGRAMS

_RESTORE = (
    "The node is restored with the network cards of this box, and without keys: pair it anew afterwards."
)
_INSTALL = (
    "Writes a signed update bundle into the other slot. The next restart of the node takes it on trial: it "
    "is kept when the node proves to be well, else the node goes back by itself."
)
_UPGRADE = (
    "Brings a signed update bundle to both nodes. Then the spare one installs it, restarts on trial, and "
    "takes over when it is well and has every connection; the other one follows. Whatever fails, both end "
    "on one version. It goes on by itself, after a loss of power too: this command only shows it."
)
_SYNC = (
    "The node that is to run what the other one runs fetches its bundle over the hotwire, only what differs "
    "from its own, and installs it into the other slot, be it older. Its next restart takes it on trial."
)
_KEEP = (
    "For a node that was updated from an URL, or flashed without its bundle. The file must be the bundle of "
    "exactly what runs."
)
_TO_DISK = (
    "Copies the firmware that runs to another disk of this box, and reads it back. The disk becomes that of "
    "a box that is not configured: configuration, keys and passwords are not copied. Everything on the disk "
    "is lost. Without DISK: shows the disks, and why one is refused."
)

SEEN = (
    Command(
        "capture",
        "show the advertisements (VRRP) on a port, decoded",
        (
            ("sudo hactl capture lan", "ten seconds of advertisements, decoded"),
            ("sudo hactl capture lan --count 2 --json", "two of them, an object a line"),
        ),
        loads="capture:add_capture",
        json="an object a line, for programs",
    ),
    Command(
        "menu",
        "the menu: everything here, found without knowing its name",
        (("hactl menu", "everything here, found without knowing its name"),),
        loads="menu:add_menu",
    ),
)
BACKUP = (
    Command(
        "backup",
        "this node in a file, sealed with a passphrase",
        (("sudo hactl backup create alpha.backup", "sealed with a passphrase"),),
    ),
    Command(
        "backup create",
        "write the backup of this node",
        (
            ("sudo hactl backup create alpha.backup", "asks for the passphrase"),
            ("sudo hactl backup create /mnt/alpha.backup --passphrase-file phrase.txt", "for scripts"),
        ),
        loads="backup:add_create",
        text="Everything that makes it this node, but its keys: those never leave it.",
    ),
    Command(
        "backup restore",
        "make this box the node of a backup",
        (
            ("sudo hactl backup restore alpha.backup", "on a new box, before it is paired"),
            (
                "sudo hactl backup restore alpha.backup --bind lan=52:54:00:12:34:56",
                "saying which network card is lan",
            ),
        ),
        loads="backup:add_restore",
        text=_RESTORE,
    ),
)
FIRMWARE = (
    Command(
        "firmware",
        "update the firmware of this node, and go back",
        (
            ("sudo hactl firmware status", "both slots, and which one is next"),
            ("sudo hactl firmware install hotspare.raucb", "an update into the other slot"),
            ("sudo hactl firmware upgrade hotspare.raucb", "both nodes, one after the other"),
        ),
    ),
    Command(
        "firmware install",
        "write an update into the other slot",
        (
            ("sudo hactl firmware install hotspare.raucb", "a restart takes it on trial"),
            ("sudo hactl firmware install https://updates.example/hotspare.raucb", "streamed"),
            ("sudo hactl firmware install old.raucb --allow-downgrade", "an older one"),
        ),
        loads="firmware:add_install",
        text=_INSTALL,
    ),
    Command(
        "firmware upgrade",
        "upgrade both nodes, one after the other, without anyone noticing",
        (
            ("sudo hactl firmware upgrade hotspare.raucb", "both nodes, the spare one first"),
            ("sudo hactl firmware upgrade old.raucb --allow-downgrade", "to an older one"),
            ("sudo hactl firmware upgrade --call-off", "both go back, or stay where they are"),
        ),
        loads="upgrade:add_upgrade",
        text=_UPGRADE,
    ),
    Command(
        "firmware status",
        "both slots, and which one is next",
        (
            ("sudo hactl firmware status", "both slots, which one is next, what is on trial"),
            ("sudo hactl firmware status --json", "the same for programs"),
        ),
        loads="firmware_status:add_status",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "firmware sync",
        "make both nodes' firmware the same: this node's",
        (
            ("sudo hactl firmware sync", "the other node gets what this one runs"),
            ("sudo hactl firmware sync --from-peer", "the other way"),
        ),
        loads="firmware:add_sync",
        text=_SYNC,
    ),
    Command(
        "firmware keep",
        "keep the bundle of what runs, for the peer",
        (("sudo hactl firmware keep hotspare.raucb", "so that `sync` can give it"),),
        loads="firmware:add_keep",
        text=_KEEP,
    ),
    Command(
        "firmware rollback",
        "start the other slot at the next restart",
        (("sudo hactl firmware rollback", "the next restart takes the other slot"),),
        loads="firmware:add_rollback",
    ),
    Command(
        "firmware mark-good",
        "keep what runs, whatever the check of health says",
        (("sudo hactl firmware mark-good", "do not wait for the check of health"),),
        loads="firmware:add_mark_good",
    ),
)
BOX = (
    Command(
        "install-to-disk",
        "install what runs, from a stick, on the disk of the box",
        (
            ("hactl install-to-disk", "the disks of this box, and why one cannot be taken"),
            ("sudo hactl install-to-disk sda", "shows what is on it, asks, copies and reads back"),
            ("sudo hactl install-to-disk /dev/nvme0n1 --yes --json", "from a script"),
        ),
        loads="install:add_install",
        text=_TO_DISK,
        json=FOR_PROGRAMS,
    ),
    Command(
        "support",
        "write a file for whoever helps: status, logs, rules, configuration, all without secrets",
        (
            ("sudo hactl support", "support-NODE-TIME.tar.gz in this folder, without a secret in it"),
            ("sudo hactl support /tmp/alpha.tar.gz", "where it is to be"),
        ),
        loads="support:add_support",
    ),
    Command(
        "help",
        "how a command is used, with examples",
        (
            ("hactl help", "all commands"),
            ("hactl help config apply", "all about one of them"),
        ),
        loads="help:add_help",
    ),
)
