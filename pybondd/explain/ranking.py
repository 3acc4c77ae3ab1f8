"""Why is that aggregator in use and not this one? Both ranks, and the rule that compares them."""

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.system import SelectPolicy, System

RULES = {
    SelectPolicy.STABLE: "ad_select=stable keeps it while one of its ports has a link",
    SelectPolicy.BANDWIDTH: "ad_select=bandwidth takes the greatest bandwidth",
    SelectPolicy.COUNT: "ad_select=count takes the most ports",
    SelectPolicy.ACTOR_PORT_PRIO: "ad_select=actor_port_prio takes the greatest sum of priorities",
}


def why_it_won(system: System, active: Aggregator, other: Aggregator) -> str:
    """Who is in use and who is not, with both ranks, and the rule that decided."""
    policy = system.settings.select_policy
    rule = RULES[policy]
    if policy is not SelectPolicy.STABLE and _rank(policy, active) == _rank(policy, other):
        rule += ", and on a tie the one already in use"
    return (
        f"aggregator {active.id} ({_rank(policy, active)}) is in use, not {other.id} "
        f"({_rank(policy, other)}): {rule}"
    )


def _rank(policy: SelectPolicy, aggregator: Aggregator) -> str:
    ports = aggregator.enabled_port_count
    rank = f"{ports} port{'' if ports == 1 else 's'} up, {aggregator.bandwidth_mbps} Mb/s"
    if policy is SelectPolicy.ACTOR_PORT_PRIO:
        return f"priorities {aggregator.priority_sum}, {rank}"
    return rank
