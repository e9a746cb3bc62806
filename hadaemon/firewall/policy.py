"""The rules of [[firewall.rules]] in their order, for what is forwarded and for what is for the node."""

from hadaemon.config.firewall_model import DestinationNat, Firewall, Rate, Rule, Verdict, services_of
from hadaemon.config.objects_model import items_of
from hadaemon.firewall.text import (
    address_matches,
    block,
    comment,
    interface_matches,
    ip,
    joined,
    limited_log,
    service_matches,
    state_matches,
)

_VERDICTS = {
    Verdict.ALLOW: "accept",
    Verdict.DROP: "counter drop",
    Verdict.REJECT: "reject with icmpx admin-prohibited",
}
_RULE_LOG = Rate(10, "second")


def policy_chain(firewall: Firewall) -> list[str]:
    """What is forwarded: snippets and rules decide first, so no port forward lets in what they forbid. Of
    the rest, what destination NAT translated passes."""
    dropped = [limited_log(firewall.log_dropped, "hotspare dropped")] if firewall.log_dropped else []
    return block(
        "chain forward_new",
        "jump user_forward",
        *(
            line
            for position, rule in enumerate(firewall.rules)
            if not rule.to_node
            for line in rule_lines(firewall, rule, f"rules[{position}]")
        ),
        *(line for i, nat in enumerate(firewall.destination_nat) for line in _translated(firewall, nat, i)),
        *dropped,
        "counter drop",
    )


def rule_lines(firewall: Firewall, rule: Rule, path: str) -> list[str]:
    """One rule as lines of nftables, one for each combination that nftables cannot express in one."""
    what = comment(rule.name or path)
    targets = [""] if rule.to_node else interface_matches(firewall, "oifname", rule.targets)
    lines = []
    for incoming in interface_matches(firewall, "iifname", rule.sources):
        for outgoing in targets:
            for family, addresses in _addresses(rule):
                for service in service_matches(rule.services, family):
                    for state in state_matches(rule.states):
                        match = joined(incoming, outgoing, addresses, service, state)
                        if rule.log:
                            lines.append(f"{match} {limited_log(_RULE_LOG, f'hotspare {rule.name or path}')}")
                        lines.append(f"{match} {_VERDICTS[rule.verdict]} {what}")
    return lines


def _addresses(rule: Rule) -> list[tuple[int | None, str]]:
    """A rule that lets something to the node and names no address means own ones: never the virtual ones."""
    if not rule.to_node or items_of(rule.destination) or rule.verdict is not Verdict.ALLOW:
        return address_matches(rule.source, rule.destination)
    return [
        (family, joined(match if _is_restricted(rule) else "", f"{ip(family)} daddr != @virtual{family}"))
        for family in (4, 6)
        for _, match in address_matches(rule.source, rule.destination, family)
    ]


def _is_restricted(rule: Rule) -> bool:
    return bool(rule.source or rule.destination)


def _translated(firewall: Firewall, nat: DestinationNat, position: int) -> list[str]:
    """Allows what one of [[firewall.destination_nat]] translated, and nothing else that looks like it."""
    family = nat.address.version
    return [
        joined(
            incoming,
            addresses,
            f"{ip(family)} daddr {nat.to}",
            f"ct status dnat ct state new ct original {ip(family)} daddr {nat.address}",
            service,
            "accept",
            comment(f"destination_nat[{position}]"),
        )
        for incoming in interface_matches(firewall, "iifname", nat.sources)
        for _, addresses in address_matches(nat.source, (), family)
        for service in _after_translation(nat)
    ]


def _after_translation(nat: DestinationNat) -> list[str]:
    if nat.to_port is None:
        return service_matches(nat.services, nat.address.version)
    return [
        f"{protocol} dport {nat.to_port}"
        for protocol in sorted({each.protocol for each in services_of(nat.services)})
    ]
