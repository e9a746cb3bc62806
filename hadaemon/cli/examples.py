"""The examples of every command: what it is for, in the words of somebody who has that need. Data only.

A test parses each of them, so that none is left behind by a change of the commands.
"""

from collections.abc import Mapping

Examples = tuple[tuple[str, str], ...]
"""Command lines, each with what it does."""

EXAMPLES: Mapping[str, Examples] = {
    "": (
        ("hactl status", "who is active, why, and whether all is well"),
        ("hactl status --watch", "the same, over and over"),
        ("hactl history --last 50", "every change of state: when, from what to what, and why"),
        ("hactl alarms", "what is wrong for how long, and what was"),
        ("hactl switch", "make the other node active, without losing a packet"),
        ("hactl maintenance on", "keep this node out of the cluster, also over reboots"),
        ("sudo hactl config edit", "change the configuration in an editor, checked before it counts"),
        ("sudo hactl config apply new.toml --confirm 5m", "a file; without `config confirm` it goes back"),
        ("sudo hactl config sync --to-peer", "make the other node's configuration the same as this one's"),
        ("sudo hactl pair show", "make two boxes a pair, by a code of six digits"),
        ("sudo hactl firmware install hotspare.raucb", "an update into the other slot"),
        ("hactl help config apply", "all about one command"),
        ("hactl menu", "all of it as a menu"),
    ),
    "status": (
        ("hactl status", "one screen: state, why, since when, both nodes, what is wrong"),
        ("hactl status --watch", "again every 2 seconds, until Ctrl-C"),
        ("hactl status --watch 10 --json", "one object a line every 10 seconds, for programs"),
        ("hactl status --verbose", "every port, counters, discarded packets by reason"),
        ("sudo hactl --peer status", "as the other node sees it"),
    ),
    "history": (
        ("hactl history", "the last 20 changes of state, and why"),
        ("hactl history --last 0 --json", "all of them, for programs"),
    ),
    "alarms": (
        ("hactl alarms", "what is wrong for how long, and what was"),
        ("hactl alarms --json", "the same for programs"),
        ("hactl alarms --test", "a test to syslog, webhook and mail, and what came of each"),
    ),
    "reload": (("sudo hactl reload", "take up files that were changed by hand"),),
    "switch": (
        ("hactl switch", "before work on the node that is active"),
        ("hactl switch --force", "although the other node is not known to be ready"),
    ),
    "maintenance": (
        ("hactl maintenance on", "before opening the box: it hands over and stays out"),
        ("hactl maintenance off", "back into the cluster"),
    ),
    "resume": (("hactl resume", "after the cause of many switches was removed"),),
    "hotwire": (("hactl hotwire detect", "which card has the cable?"),),
    "hotwire detect": (
        ("hactl hotwire detect", "a new node at the other end is heard; the port that is found blinks"),
        ("hactl hotwire detect --seconds 30 --json", "listen longer, and answer a program"),
    ),
    "config": (
        ("sudo hactl config edit", "change cluster.toml in an editor"),
        ("hactl config check", "would the files in /data/state be accepted?"),
        ("sudo hactl config history", "the last 20 configurations"),
        ("sudo hactl config diff --peer", "what differs from the other node's"),
    ),
    "config check": (
        ("hactl config check", "would the files in /data/state be accepted?"),
        ("hactl config check --node new-node.toml --cluster new.toml", "and these?"),
    ),
    "config edit": (
        ("sudo hactl config edit", "what both nodes share; applied like `config apply`"),
        ("sudo hactl config edit --confirm 5m", "it goes back unless it is confirmed"),
        ("sudo hactl config edit --node", "what is this node's alone: ports, own addresses"),
        ("sudo EDITOR=vi hactl config edit", "with another editor"),
    ),
    "config apply": (
        ("sudo hactl config apply new.toml", "checked as a whole before anything changes"),
        ("sudo hactl config apply new.toml --confirm 5m", "goes back unless `config confirm` follows"),
        ("sudo hactl config apply folder/", "with the files of cluster.d/"),
    ),
    "config confirm": (("sudo hactl config confirm", "keep what was applied with --confirm"),),
    "config history": (
        ("sudo hactl config history", "when, by whom and how; * counts now"),
        ("sudo hactl config history --json", "the same for programs"),
    ),
    "config rollback": (
        ("sudo hactl config rollback", "the configuration before this one counts again"),
        ("sudo hactl config rollback 17", "generation 17 counts again"),
        ("sudo hactl config rollback --unconfirmed", "do not wait for the time of --confirm"),
    ),
    "config diff": (
        ("sudo hactl config diff", "what the last change was"),
        ("sudo hactl config diff 17", "what has changed since generation 17"),
        ("sudo hactl config diff new.toml", "what `config apply new.toml` would change"),
        ("sudo hactl config diff --peer", "from this node's to the other one's"),
    ),
    "config reset": (("sudo hactl config reset", "leave the cluster; the other node does not notice"),),
    "config sync": (
        ("sudo hactl config sync --to-peer", "this node's becomes the other one's"),
        ("sudo hactl config sync --from-peer --yes", "the other way, without a question"),
    ),
    "key": (("sudo hactl key show", "two lines and their words, to compare by telephone"),),
    "key generate": (
        ("sudo hactl key generate", "without a common cable, instead of `hactl pair`"),
        ("sudo hactl key generate --force", "a new one; the other node must trust it then"),
    ),
    "key show": (
        ("sudo hactl key show", "both public keys, with their words"),
        ("sudo hactl key show --json", "the same for programs"),
    ),
    "key trust": (
        ("sudo hactl key trust peer.pub", "take a line of the other node's `key show`"),
        ("sudo hactl key trust -", "the line is pasted"),
    ),
    "key revoke": (("sudo hactl key revoke", "before the other box is given away"),),
    "pair": (("sudo hactl pair show", "on one node; then `pair enter` on the other"),),
    "pair show": (("sudo hactl pair show", "shows six digits and waits for the other node"),),
    "pair enter": (("sudo hactl pair enter", "asks for the six digits that the other node shows"),),
    "capture": (
        ("sudo hactl capture lan", "ten seconds of advertisements, decoded"),
        ("sudo hactl capture lan --count 2 --json", "two of them, an object a line"),
    ),
    "menu": (("hactl menu", "everything here, found without knowing its name"),),
    "backup": (("sudo hactl backup create alpha.backup", "sealed with a passphrase"),),
    "backup create": (
        ("sudo hactl backup create alpha.backup", "asks for the passphrase"),
        ("sudo hactl backup create /mnt/alpha.backup --passphrase-file phrase.txt", "for scripts"),
    ),
    "backup restore": (
        ("sudo hactl backup restore alpha.backup", "on a new box, before it is paired"),
        (
            "sudo hactl backup restore alpha.backup --bind lan=52:54:00:12:34:56",
            "saying which network card is lan",
        ),
    ),
    "firmware": (
        ("sudo hactl firmware status", "both slots, and which one is next"),
        ("sudo hactl firmware install hotspare.raucb", "an update into the other slot"),
        ("sudo hactl firmware upgrade hotspare.raucb", "both nodes, one after the other"),
    ),
    "firmware upgrade": (
        ("sudo hactl firmware upgrade hotspare.raucb", "both nodes, the spare one first"),
        ("sudo hactl firmware upgrade old.raucb --allow-downgrade", "to an older one"),
        ("sudo hactl firmware upgrade --call-off", "both go back, or stay where they are"),
    ),
    "firmware install": (
        ("sudo hactl firmware install hotspare.raucb", "a restart takes it on trial"),
        ("sudo hactl firmware install https://updates.example/hotspare.raucb", "streamed"),
        ("sudo hactl firmware install old.raucb --allow-downgrade", "an older one"),
    ),
    "firmware status": (
        ("sudo hactl firmware status", "both slots, which one is next, what is on trial"),
        ("sudo hactl firmware status --json", "the same for programs"),
    ),
    "firmware sync": (
        ("sudo hactl firmware sync", "the other node gets what this one runs"),
        ("sudo hactl firmware sync --from-peer", "the other way"),
    ),
    "firmware keep": (("sudo hactl firmware keep hotspare.raucb", "so that `sync` can give it"),),
    "firmware rollback": (("sudo hactl firmware rollback", "the next restart takes the other slot"),),
    "firmware mark-good": (("sudo hactl firmware mark-good", "do not wait for the check of health"),),
    "install-to-disk": (
        ("hactl install-to-disk", "the disks of this box, and why one cannot be taken"),
        ("sudo hactl install-to-disk sda", "shows what is on it, asks, copies and reads back"),
        ("sudo hactl install-to-disk /dev/nvme0n1 --yes --json", "from a script"),
    ),
    "support": (
        ("sudo hactl support", "support-NODE-TIME.tar.gz in this folder, without a secret in it"),
        ("sudo hactl support /tmp/alpha.tar.gz", "where it is to be"),
    ),
    "help": (
        ("hactl help", "all commands"),
        ("hactl help config apply", "all about one of them"),
    ),
}  # fmt: skip
