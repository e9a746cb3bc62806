"""The commands about the configuration, and about the keys by which the nodes know each other."""

from hadaemon.commands.command import Command, PeerOption
from hadaemon.commands.node import FOR_PROGRAMS

_EDIT = (
    "Opens a copy in the editor of VISUAL or EDITOR, else in nano. What is wrong with the saved text is "
    "shown, and it can be edited again. A good one is applied in the same way as by `hactl config apply`."
)
_REST = (
    "The configuration is the pair's, and so is its rest: nobody answers for the virtual addresses until "
    "`hactl config activate`. Own addresses stay, and so do keys and configuration. To take out one node "
    "alone, see `hactl maintenance`."
)
_MOVE = (
    "The node has the same addresses before and after. In cluster.toml they are in [nodes.NAME.addresses] "
    "and [ports.NAME], are edited in one place for both nodes, and are synchronized. Network cards stay in "
    "node.toml, and what node.toml says counts."
)

CONFIGURATION = (
    Command(
        "config",
        "look at, check and change the configuration",
        (
            ("sudo hactl config edit", "change cluster.toml in an editor"),
            ("sudo hactl config show", "what counts now, without passwords and keys"),
            ("hactl config check", "would the files in /data/state be accepted?"),
            ("sudo hactl config history", "the last 20 configurations"),
            ("sudo hactl config diff --peer", "what differs from the other node's"),
        ),
    ),
    Command(
        "config show",
        "the configuration as it stands, secrets hidden",
        (
            ("sudo hactl config show", "cluster.toml, with its comments"),
            ("sudo hactl config show --node", "node.toml: ports and own addresses"),
            ("sudo hactl config show --effective", "each value that counts here, and which file gives it"),
            ("sudo hactl --peer config show", "the other node's"),
        ),
        loads="config_show:add_show",
        text="Prints cluster.toml as it stands. The values of passwords, keys and the like read (secret).",
        json=FOR_PROGRAMS,
        reads=True,
        peer=(PeerOption("--node"), PeerOption("--effective")),
    ),
    Command(
        "config example",
        "ready configurations, to be looked at and copied",
        (
            ("hactl config example", "which there are"),
            ("hactl config example dsl-modem", "one of them, with its comments"),
        ),
        loads="config_example:add_example",
        json=FOR_PROGRAMS,
    ),
    Command(
        "config check",
        "validate files, apply nothing",
        (
            ("hactl config check", "would the files in /data/state be accepted?"),
            ("hactl config check --node new-node.toml --cluster new.toml", "and these?"),
        ),
        loads="config_check:add_check",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "config edit",
        "change cluster.toml in an editor, checked on saving",
        (
            ("sudo hactl config edit", "what both nodes share; applied like `config apply`"),
            ("sudo hactl config edit --confirm 5m", "it goes back unless it is confirmed"),
            ("sudo hactl config edit --node", "what is this node's alone: ports, own addresses"),
            ("sudo EDITOR='nano -l' hactl config edit", "with line numbers"),
        ),
        loads="config_edit:add_edit",
        text=_EDIT,
    ),
    Command(
        "config apply",
        "make a file or a folder the configuration of the cluster",
        (
            ("sudo hactl config apply new.toml", "checked as a whole before anything changes"),
            ("sudo hactl config apply new.toml --confirm 5m", "goes back unless `config confirm` follows"),
            ("sudo hactl config apply folder/", "with the files of cluster.d/"),
        ),
        loads="config_changes:add_apply",
    ),
    Command(
        "config confirm",
        "keep what was applied with --confirm",
        (("sudo hactl config confirm", "keep what was applied with --confirm"),),
        loads="config_changes:add_config_confirm",
    ),
    Command(
        "config history",
        "the last generations: when, by whom, how",
        (
            ("sudo hactl config history", "when, by whom and how; * counts now"),
            ("sudo hactl config history --json", "the same for programs"),
        ),
        loads="config_generations:add_generations",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "config rollback",
        "make an older generation the configuration again",
        (
            ("sudo hactl config rollback", "the configuration before this one counts again"),
            ("sudo hactl config rollback 17", "generation 17 counts again"),
            ("sudo hactl config rollback --unconfirmed", "do not wait for the time of --confirm"),
        ),
        loads="config_changes:add_rollback",
    ),
    Command(
        "config diff",
        "what differs, without secrets",
        (
            ("sudo hactl config diff", "what the last change was"),
            ("sudo hactl config diff 17", "what has changed since generation 17"),
            ("sudo hactl config diff new.toml", "what `config apply new.toml` would change"),
            ("sudo hactl config diff --peer", "from this node's to the other one's"),
        ),
        loads="config_generations:add_diff",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "config activate",
        "have the cluster work: one of the two nodes answers for the virtual addresses",
        (
            ("sudo hactl config activate", "enabled = true, on both nodes or on neither"),
            ("sudo hactl config activate --here", "on this node alone, while the other one is off"),
        ),
        loads="config_changes:add_activate",
    ),
    Command(
        "config deactivate",
        "have the cluster rest: the virtual addresses leave both nodes",
        (
            ("sudo hactl config deactivate", "asks first; enabled = false, on both nodes or on neither"),
            ("sudo hactl config deactivate --yes", "without a question"),
        ),
        loads="config_changes:add_deactivate",
        text=_REST,
    ),
    Command(
        "config move-to-cluster",
        "own addresses and VLANs of this node go from node.toml into cluster.toml",
        (("sudo hactl config move-to-cluster", "on each of the two nodes: one file has both then"),),
        loads="config_changes:add_move_to_cluster",
        text=_MOVE,
    ),
    Command(
        "config move-to-node",
        "the way back: what cluster.toml says of this node's ports goes into node.toml",
        (("sudo hactl config move-to-node", "this node's own file has it again"),),
        loads="config_changes:add_move_to_node",
        text=_MOVE,
    ),
    Command(
        "config reset",
        "leave the cluster: a clean stand-alone node; the peer stays",
        (("sudo hactl config reset", "leave the cluster; the other node does not notice"),),
        loads="config_changes:add_reset",
    ),
    Command(
        "config sync",
        "make the configuration of both nodes the same, after showing what differs",
        (
            ("sudo hactl config sync --to-peer", "this node's becomes the other one's"),
            ("sudo hactl config sync --from-peer --yes", "the other way, without a question"),
        ),
        loads="config_sync:add_sync",
    ),
)
KEYS = (
    Command(
        "key",
        "the keys by which the two nodes know each other",
        (("sudo hactl key show", "two lines and their words, to compare by telephone"),),
    ),
    Command(
        "key generate",
        "make this node's key",
        (
            ("sudo hactl key generate", "without a common cable, instead of `hactl pair`"),
            ("sudo hactl key generate --force", "a new one; the other node must trust it then"),
        ),
        loads="keys:add_generate",
    ),
    Command(
        "key show",
        "this node's public key and the peer's, with words to compare",
        (
            ("sudo hactl key show", "both public keys, with their words"),
            ("sudo hactl key show --json", "the same for programs"),
        ),
        loads="keys:add_show",
        json=FOR_PROGRAMS,
        reads=True,
    ),
    Command(
        "key trust",
        "take a public key for the peer's",
        (
            ("sudo hactl key trust peer.pub", "take a line of the other node's `key show`"),
            ("sudo hactl key trust -", "the line is pasted"),
        ),
        loads="keys:add_trust",
    ),
    Command(
        "key revoke",
        "trust the peer's key no longer",
        (("sudo hactl key revoke", "before the other box is given away"),),
        loads="keys:add_revoke",
    ),
    Command(
        "pair",
        "make this node and the one at the other end of the hotwire a pair",
        (("sudo hactl pair show", "on one node; then `pair enter` on the other"),),
    ),
    Command(
        "pair show",
        "show a code of six digits, and wait for it to be typed on the other node",
        (("sudo hactl pair show", "shows six digits and waits for the other node"),),
        loads="pair:add_show",
    ),
    Command(
        "pair enter",
        "type the code that the other node shows",
        (("sudo hactl pair enter", "asks for the six digits that the other node shows"),),
        loads="pair:add_enter",
    ),
)
