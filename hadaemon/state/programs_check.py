"""Programs are asked whether they would take what is written for them, before it counts anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.config.follow_model import DialIn
from hadaemon.config.variables import lacks
from hadaemon.follow.files import DNSMASQ_FILE, HAPROXY_FOLDER, files, haproxy_file, ppp_options
from hadaemon.follow.haproxy_words import PART
from hadaemon.io.programs.dnsmasq import ask_dnsmasq
from hadaemon.io.programs.haproxy import ask_haproxy
from hadaemon.io.programs.pppd import ask_pppd
from hadaemon.io.programs.sshd import ask_sshd
from hadaemon.state.sshd_config import sshd_config
from hadaemon.sync.errors import SyncError
from hadaemon.sync.tree import Tree


@dataclass(frozen=True, slots=True)
class Found:
    """What the programs said."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Which of them could not be asked, and why."""


def ask_programs(node: NodeConfig, cluster: ClusterConfig | None, haproxy: Mapping[str, str]) -> Found:
    """`haproxy`: the administrator's part, by file name. Of a program that is not there nothing is said."""
    if cluster is not None:
        lacking = tuple(
            f"{PART}/{name}: {why}"
            for name, text in haproxy.items()
            for why in lacks(text, cluster.variables)
        )
        if lacking:
            return Found(lacking)
    said = list(_answers(node, cluster, haproxy))
    return Found(
        tuple(reason for reasons, _, _ in said for reason in reasons),
        tuple(f"{what} was not tried: {unasked}" for _, what, unasked in said if unasked),
    )


def tree_haproxy(tree: Tree) -> dict[str, str]:
    """The administrator's part of a configuration that is not in place yet. Raises SyncError."""
    found = {}
    for path, content in tree.files:
        folder, _, name = path.rpartition("/")
        if folder == PART and haproxy_file(name):
            try:
                found[name] = content.decode()
            except UnicodeDecodeError as error:
                raise SyncError(f"{path}: not UTF-8 text at byte {error.start}: save it as UTF-8") from error
    return found


def _answers(
    node: NodeConfig, cluster: ClusterConfig | None, haproxy: Mapping[str, str]
) -> Iterator[tuple[Sequence[str], str, str]]:
    """What each refuses, what it was asked about, and why it could not be asked."""
    ssh = (node.system if cluster is None else node.system.over(cluster.system)).ssh
    if ssh is not None:
        asked = ask_sshd(sshd_config(ssh))
        refused = [f"ssh: sshd refuses its configuration: {reason}" for reason in asked.refused]
        yield refused, "[ssh]", asked.unasked
    if cluster is None:
        return
    # The kernel's names do not matter here: each port is called as it is in node.toml.
    names = {port: port for port in node.ports}
    texts = {file.name: file.text for file in files(node.name, cluster, names, names, haproxy)}
    if DNSMASQ_FILE in texts:
        asked = ask_dnsmasq(texts[DNSMASQ_FILE])
        refused = [f"follow.dhcp: dnsmasq refuses its configuration: {reason}" for reason in asked.refused]
        yield refused, "[[follow.dhcp]]", asked.unasked
    for position, dial_in in enumerate(cluster.follow.pppoe):
        key = f"follow.pppoe[{position}]"
        asked = ask_pppd(_disguised(dial_in))
        yield [f"{key}: pppd refuses its options: {reason}" for reason in asked.refused], key, asked.unasked
    if cluster.follow.haproxy is not None:
        place = f"{HAPROXY_FOLDER}/"
        shown = {n.removeprefix(place): text for n, text in texts.items() if n.startswith(place)}
        asked = ask_haproxy(shown)
        yield asked.refused, "[follow.haproxy]", asked.unasked


def _disguised(dial_in: DialIn) -> str:
    """pppd repeats what it does not understand: it is not shown the password."""
    return ppp_options(replace(dial_in, password="x" * len(dial_in.password))) + "\n"
