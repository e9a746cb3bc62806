"""Both nodes' files to cluster.toml, each node's node.toml, and what is left to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hadaemon.config.commented import commented
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.network_model import System
from hadaemon.config.render import render_cluster, render_node
from hadaemon.keepalived.conntrackd import Conntrackd, settings_of
from hadaemon.keepalived.interfaces import (
    draft_interfaces,
    hotwire_of,
    settle_peers,
    settle_ways,
)
from hadaemon.keepalived.links import Box
from hadaemon.keepalived.model import Keepalived
from hadaemon.keepalived.notify import hooks_of
from hadaemon.keepalived.own import finished_hotwire, settle_own_addresses
from hadaemon.keepalived.pair import (
    Both,
    Side,
    cluster_name,
    master_of,
    matched,
    node_names,
    other_names,
    tell_differences,
)
from hadaemon.keepalived.ports import Ports
from hadaemon.keepalived.protocol import settle_intervals, vrrp_of
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import ScriptFinder
from hadaemon.keepalived.surroundings import alarms_of, routes_of
from hadaemon.keepalived.todo import annotated, left_to_do
from hadaemon.keepalived.tracked import watched


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says beside the files."""

    names: tuple[str, ...] = ()
    """Of the nodes, in the order of their files."""
    ports: Mapping[str, str] = field(default_factory=dict)
    """Names of ports by interface."""
    cards: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """MAC addresses by node and port or interface."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The new files, by their path in the folder, and what is left to do."""

    files: Mapping[str, str]
    todo: tuple[str, ...]


def translate(
    told: Sequence[Keepalived],
    conntrackd: Sequence[Conntrackd | None],
    boxes: Sequence[Box],
    asked: Asked,
    find: ScriptFinder,
    findings: Findings,
) -> Translation:
    """`told`: one or two, each with instances; the others are in the same order, and may be fewer."""
    both = matched(told)
    second = other_names(both)
    sides = _sides(told, conntrackd, boxes, node_names(told, asked.names), second)
    tell_differences(both, findings)
    ports = Ports(sides, asked.ports, asked.cards)
    drafts = draft_interfaces(both, second, findings)
    hotwire = hotwire_of(drafts, both, ports, findings)
    _tell_together(told, both, findings)
    settle_ways(drafts, hotwire, ports, findings)
    settle_peers(drafts, ports, findings)
    for draft in drafts:
        ports.use(draft.speaks_on or draft.interface)
        ports.use(draft.interface)
    if hotwire:
        ports.use(hotwire)
    virtual = {ip for draft in drafts for ip in draft.addresses}
    settle_own_addresses(ports, drafts, both, hotwire, virtual, findings)
    own = {address.ip for known in ports.own.values() for address in known}
    instances = [each.first for each in both]
    vrrp = vrrp_of(instances, told[0].globals, drafts, findings)
    settle_intervals(drafts, vrrp, findings)
    done = watched(told, both, virtual, find, findings)
    hooks, programs = hooks_of(told, find, findings)
    cluster = ClusterConfig(
        cluster_name(told),
        master_of(sides, both, findings),
        tuple(draft.finished(ports) for draft in drafts),
        vrrp=vrrp,
        hotwire=finished_hotwire(ports, hotwire),
        ping_groups=tuple(done.groups.values()),
        checks=tuple(done.checks.values()),
        hooks=hooks,
        conntrack=settings_of(conntrackd, virtual | own, findings),
        system=System(routes_of(told, ports, drafts, hotwire, findings), alarms=alarms_of(told, findings)),
    )
    _tell_tracked(told, ports, findings)
    findings.wrong += ports.unknown()
    nodes = [
        NodeConfig(side.name, {port.name: port for port in ports.of(at)}) for at, side in enumerate(sides)
    ]
    files = {"cluster.toml": commented(render_cluster(cluster))}
    files |= {f"{node.name}/node.toml": annotated(render_node(node), node.name) for node in nodes}
    files |= {**done.programs.files(), **programs}
    return Translation(files, tuple(left_to_do(cluster, nodes, ports)))


def _sides(
    told: Sequence[Keepalived],
    conntrackd: Sequence[Conntrackd | None],
    boxes: Sequence[Box],
    names: tuple[str, str],
    second: Mapping[str, str],
) -> tuple[Side, Side]:
    one, other = (
        Side(
            names[at],
            told[at] if at < len(told) else None,
            conntrackd[at] if at < len(conntrackd) else None,
            boxes[at] if at < len(boxes) else {},
            second if at else {},
        )
        for at in (0, 1)
    )
    return one, other


def _tell_together(told: Sequence[Keepalived], both: Sequence[Both], findings: Findings) -> None:
    """One sync group of all instances is what a pair is anyway."""
    for group in (group for each in told for group in each.groups):
        findings.carried(
            group.place, f"vrrp_sync_group {group.name}: all HA interfaces move together, always"
        )
    grouped = [set(group.members) for group in told[0].groups]
    names = {each.first.name for each in both}
    if len(both) > 1 and not any(names <= members for members in grouped):
        findings.changed(
            both[0].first.place,
            "the instances were in no common vrrp_sync_group, and moved one by one: now all HA interfaces "
            "move together, so that one node has all virtual addresses",
        )


def _tell_tracked(told: Sequence[Keepalived], ports: Ports, findings: Findings) -> None:
    names = {theirs: ours for ours, theirs in ports.sides[1].own_names.items()}
    for side, each in enumerate(told):
        tracked = [
            (name, instance.at("track_interface")) for instance in each.instances for name in instance.tracked
        ]
        tracked += [(name, group.place) for group in each.groups for name in group.tracked]
        for name, place in tracked:
            if (names.get(name, name) if side else name) in ports.names:
                findings.carried(
                    place, f"track_interface {name}: a lost link of an HA interface counts by itself"
                )
            else:
                findings.lost(
                    place,
                    f"track_interface {name}: the links of HA interfaces count, and this is none",
                    "give it a virtual address, or track what is behind it by [[ping_groups]]",
                )
