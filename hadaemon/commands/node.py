"""The commands about this node's part in the cluster."""

from hadaemon.commands.command import Command, PeerOption, host, number
from hadaemon.commands.selection import selects

_DETECT = (
    "It listens and sends beacons on every network card that no port of node.toml is bound to; cards that "
    "are switched off are on meanwhile. The other node must be on. As long as it is not paired it says by "
    "itself where it is; else run this on both nodes at the same time."
)
_CHECK = (
    "Pings the default gateway and the name servers, looks a name up and pings it, on the active node with "
    "the pair's address too, and asks the other node to do the same. Ends with 1 if something fails."
)
_CONNECTIONS = (
    "Shows what the kernel tracks, and asks the other node for the same: a connection that is on both nodes "
    "goes on after a takeover. A FILTER is a protocol (tcp, udp, icmp, sctp, gre and others), an address or "
    "a network of either end, `port N` of either end, a state (established, syn_sent, time_wait, unreplied, "
    "assured and others) or nat. Of several protocols or states one must fit; of everything else all."
)
FOR_PROGRAMS = "the same for programs"

HACTL = Command(
    "",
    "shows and steers the HA daemon of this node",
    (
        ("hactl status", "who is active, why, and whether all is well"),
        ("hactl status --watch", "the same, over and over"),
        ("sudo hactl connections tcp port 22", "single connections, and whether both nodes have them"),
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
)
NODE = (
    Command(
        "status",
        "who is active, why, and whether all is well",
        (
            ("hactl status", "one screen: state, why, since when, both nodes, what is wrong"),
            ("hactl status --watch", "again every 2 seconds, until Ctrl-C"),
            ("hactl status --watch 10 --json", "one object a line every 10 seconds, for programs"),
            ("hactl status --check", "one line for monitoring: 0 redundant, 1 degraded, 2 failed, 3 unknown"),
            ("hactl status --verbose", "every port, counters, discarded packets by reason"),
            ("sudo hactl --peer status", "as the other node sees it"),
        ),
        loads="status:add_status",
        json="the whole answer as JSON",
        reads=True,
        peer=(PeerOption("--verbose"), PeerOption("--check")),
    ),
    Command(
        "check",
        "test the ways out through both nodes: gateway, names, NAT",
        (
            ("sudo hactl check", "after the set-up, after a change of the line, before a holiday"),
            ("hactl check --here", "this node alone"),
            ("sudo hactl check --name intranet.example.org", "with a name and a host of one's own"),
            ("sudo hactl check --json", "the same for programs"),
        ),
        loads="check:add_check",
        text=_CHECK,
        json=FOR_PROGRAMS,
        reads=True,
        peer=(PeerOption("--here"), PeerOption("--name", host)),
    ),
    Command(
        "connections",
        "tracked connections one by one, and whether the other node has them",
        (
            ("sudo hactl connections", "the first 50, and how many there are on both nodes"),
            ("sudo hactl connections tcp 192.168.12.0/24 port 22", "SSH from or to a network"),
            ("sudo hactl connections 192.168.12.80 established", "what a host has open"),
            ("sudo hactl connections udp unreplied --count", "how many, and no list"),
            ("sudo hactl connections nat --limit 1000 --json", "what is translated, for programs"),
            ("sudo hactl --peer connections port 443", "as the other node has them"),
        ),
        loads="connections:add_connections",
        text=_CONNECTIONS,
        json=FOR_PROGRAMS,
        reads=True,
        peer=(PeerOption("--count"), PeerOption("--limit", number)),
        peer_words=selects,
    ),
    Command(
        "history",
        "every change of state: when, from what to what, and why",
        (
            ("hactl history", "the last 20 changes of state, and why"),
            ("hactl history --last 0 --json", "all of them, for programs"),
        ),
        loads="history:add_history",
        json=FOR_PROGRAMS,
        reads=True,
        peer=(PeerOption("--last", number),),
    ),
    Command(
        "alarms",
        "what is wrong for how long, and what was",
        (
            ("hactl alarms", "what is wrong for how long, and what was"),
            ("hactl alarms --json", "the same for programs"),
            ("hactl alarms --test", "a test to syslog, webhook and mail, and what came of each"),
        ),
        loads="alarms:add_alarms",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "switch",
        "make the other node active; on a backup: this one",
        (
            ("hactl switch", "before work on the node that is active"),
            ("hactl switch --force", "although the other node is not known to be ready"),
        ),
        loads="administration:add_switch",
        text="Hands the virtual addresses over without a gap, and tells how long each step took.",
        json="the outcome for programs",
    ),
    Command(
        "maintenance",
        "keep this node out of the cluster, or take it back",
        (
            ("hactl maintenance on", "before opening the box: it hands over and stays out"),
            ("hactl maintenance off", "back into the cluster"),
        ),
        loads="administration:add_maintenance",
        text="An active node hands over first. Maintenance lasts until it is ended, also over reboots.",
        json="the outcome for programs",
    ),
    Command(
        "resume",
        "end the suspension of a node that switched too often, and let one that lacked a route try again",
        (("hactl resume", "after the cause of many switches, or of a missing route, was removed"),),
        loads="administration:add_resume",
        json="the outcome for programs",
    ),
    Command(
        "reload",
        "read node.toml and cluster.toml again and apply them",
        (("sudo hactl reload", "take up files that were changed by hand"),),
        loads="administration:add_reload",
        json="the outcome for programs",
    ),
    Command("hotwire", "find the hotwire's cable", (("hactl hotwire detect", "which card has the cable?"),)),
    Command(
        "hotwire detect",
        "which network card is cabled directly to the other node",
        (
            ("hactl hotwire detect", "a new node at the other end is heard; the port that is found blinks"),
            ("hactl hotwire detect --seconds 30 --json", "listen longer, and answer a program"),
        ),
        loads="hotwire_commands:add_detect",
        text=_DETECT,
        json="the whole answer as JSON",
    ),
)
"""In the order of `hactl --help`."""
