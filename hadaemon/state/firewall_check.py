"""Whether a configuration's rules would load: checked before they count anywhere."""

from collections.abc import Iterable, Mapping, Sequence

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.firewall.ruleset import RuleSet, rule_set
from hadaemon.firewall.snippets import FOLDER, SUFFIX, Snippet, snippet_problems
from hadaemon.io.kernel.links import LinkTable
from hadaemon.io.programs.nft import NftError, NftMissing, try_rules
from hadaemon.state.configuration import Configuration
from hadaemon.state.notes import notes_of
from hadaemon.state.own_programs import Read, program_problems
from hadaemon.state.programs_check import ask_programs
from hadaemon.state.services_check import missing_units
from hadaemon.sync.tree import FILES, Tree
from hadaemon.vrrp.mac import FAMILIES, interface_name


def rule_problems(
    node: NodeConfig, cluster: ClusterConfig | None, snippets: Iterable[Snippet]
) -> tuple[str, ...]:
    """What nftables says about the rules on this node; empty: they would load. Raises NftMissing."""
    found = rule_set(node, cluster, {port: (port,) for port in node.ports}, snippets)
    try:
        try_rules(found.text)
    except NftError as error:
        return explained(found, error)
    return ()


def try_configuration(
    configuration: Configuration, haproxy: Mapping[str, str], programs: Read
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Problems and notes of a configuration that is good otherwise. `haproxy`: the administrator's part, by
    file name; `programs` reads his programs."""
    node, cluster = configuration.node, configuration.cluster
    if node is None:
        return (), ()
    asked = ask_programs(node, cluster, haproxy)
    notes = (*notes_of(node, cluster), *asked.notes)
    own = (*missing_units(cluster), *program_problems(cluster, programs)) if cluster is not None else ()
    problems = (*own, *asked.problems)
    try:
        return (*problems, *rule_problems(node, cluster, configuration.snippets)), notes
    except NftMissing as error:
        return problems, (*notes, f"the rules of the firewall were not tried: {error}")


def tree_problems(node: NodeConfig, cluster: ClusterConfig, tree: Tree) -> tuple[str, ...]:
    """The same for a configuration that is not in place yet. Without nft this cannot be checked, which is a
    problem for a configuration with snippets."""
    snippets, problems = tree_snippets(tree)
    problems += tuple(snippet_problems(snippets, cluster.variables))
    try:
        return problems or rule_problems(node, cluster, snippets)
    except NftMissing as error:
        return (f"the rules cannot be tried: {error}",) if snippets else ()


def tree_snippets(tree: Tree) -> tuple[tuple[Snippet, ...], tuple[str, ...]]:
    """The snippets of a configuration, and what stands where none of them is read."""
    place = f"{FILES}/{FOLDER}/"
    rules = [(path, content) for path, content in tree.files if path.endswith(SUFFIX)]
    astray = tuple(
        f"{path}: is not read: rules belong into {place}" for path, _ in rules if not _is_snippet(path, place)
    )
    try:
        snippets = tuple(
            Snippet(path, content.decode()) for path, content in rules if _is_snippet(path, place)
        )
    except UnicodeDecodeError:
        return (), (*astray, f"{place}*{SUFFIX}: not UTF-8 text: save it as UTF-8")
    return snippets, astray


def _is_snippet(path: str, place: str) -> bool:
    return path.startswith(place) and "/" not in path.removeprefix(place)


def explained(found: RuleSet, error: NftError) -> tuple[str, ...]:
    """What nft said, as an administrator understands it."""
    return tuple(f"firewall: {said}" for said in found.explain(error.output))


def interfaces_of(
    node: NodeConfig, cluster: ClusterConfig | None, table: LinkTable
) -> Mapping[str, Sequence[str]]:
    """The kernel's names of each port that is there. Those of virtual routers are known before they exist, so
    that no rule has to change when this node becomes active."""
    names: dict[str, tuple[str, ...]] = {}
    for port in node.ports.values():
        link = table.find(port.mac, port.vlan, port.bonded)
        if link is not None:
            names[port.name] = (link.name,)
    if cluster is not None:
        # They come and go with the active node, under names that are known.
        names |= {name: (name,) for name in cluster.follow.interfaces}
    if cluster is not None and cluster.vrrp.virtual_mac:
        for each in cluster.ha_interfaces:
            own = tuple(interface_name(each.vrid, family) for family in FAMILIES)
            names[each.address_port] = (*names.get(each.address_port, ()), *own)
    return names
