"""Which aggregator does a port join, and which one does the bond use?

IEEE Std 802.1AX-2014 6.4.14 (Selection Logic) leaves much open; this is Linux 6.12 bond_3ad.c
ad_port_selection_logic, ad_agg_selection_logic, ad_agg_selection_test.
"""

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.gates import disable, enable
from pybondd.lacp.key import is_aggregatable
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import SelectPolicy, System
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import PortState


def select_port(port: AggregationPort) -> None:
    """One pass: a port that is not selected leaves its aggregator and joins the one that fits."""
    if port.selected:
        return
    leaves_active = port.is_in_active_aggregator
    leave_aggregator(port)
    aggregator = _fitting(port) or _founded(port)
    if aggregator is None:
        port.system.tell_error(port, "no aggregator is free for this port")
        return
    aggregator.ports.insert(0, port)
    port.aggregator = aggregator
    port.selected = True
    if leaves_active or not _choice_stands(port.system, aggregator):
        choose_active(port.system)
    if not aggregator.is_active:
        _rest(port)


def _rest(port: AggregationPort) -> None:
    """The bond uses another aggregator than the one that this port has just joined.

    Linux only takes its sync back: a port that worked alone until its partner spoke stays in use
    beside the aggregator that won, since the one that lost, which it has left, is empty.
    """
    port.set_actor(PortState.SYNCHRONIZATION, on=False)
    if port.is_mended:
        disable(port)


def leave_aggregator(port: AggregationPort) -> None:
    """The port is in none any more; one that is empty now is free for others."""
    aggregator = port.aggregator
    if aggregator is None:
        return
    aggregator.ports.remove(port)
    port.aggregator = None
    if not aggregator.ports:
        aggregator.clear()


def _fitting(port: AggregationPort) -> Aggregator | None:
    """The first aggregator with our key and our partner; a port without a partner fits nowhere."""
    if port.partner.system == NO_ADDRESS:
        return None
    wanted = (port.actor.key, *_partner_of(port))
    for aggregator in port.system.aggregators:
        known = (
            aggregator.key,
            aggregator.partner_system_priority,
            aggregator.partner_system,
            aggregator.partner_key,
        )
        if aggregator.ports and not aggregator.is_individual and known == wanted:
            return aggregator
    return None


def _partner_of(port: AggregationPort) -> tuple[int, bytes, int]:
    return port.partner.system_priority, port.partner.system, port.partner.key


def _founded(port: AggregationPort) -> Aggregator | None:
    """The first aggregator that nobody is in, made ours."""
    free = next((each for each in port.system.aggregators if not each.ports), None)
    if free is None:
        return None
    free.is_individual = not is_aggregatable(port.actor.key)
    free.key = port.actor.key
    free.partner_system_priority, free.partner_system, free.partner_key = _partner_of(port)
    return free


def _choice_stands(system: System, joined: Aggregator) -> bool:
    """Whether the best aggregator of this pass is still the best now that a port has joined.

    The port has left another one that was not in use, which made that one no better. Without this
    question each of n ports that join in one pass would have n aggregators compared anew.
    """
    if system.best is None:
        return False
    best, rank = system.best
    new_rank = _rank(system, joined)
    if joined is best:
        system.best = best, new_rank
        return new_rank >= rank
    return new_rank <= rank


def choose_active(system: System) -> None:
    """Which aggregator carries the bond's traffic from now on?"""
    active = system.active_aggregator
    best = _best(system, active)
    for aggregator in system.aggregators:
        aggregator.is_active = False
    if active and (best is active or _is_kept(system, active, best)):
        active.is_active = True
    elif best:
        best.is_active = True
        for port in active.ports if active else ():
            disable(port)
    system.best = (best, _rank(system, best)) if best and best.is_active else None
    _enable_ports_without_partner(system)


def _best(system: System, active: Aggregator | None) -> Aggregator | None:
    """The best candidate; on a tie the active one, then the one of the port that joined first."""
    candidates = [active] if active and active.has_running_port else []
    candidates += [
        each for each in system.aggregators if each.enabled_port_count and each.has_running_port
    ]
    return max(candidates, key=lambda each: _rank(system, each), default=None)


def _rank(system: System, aggregator: Aggregator) -> tuple[int, ...]:
    """To be compared, larger is better: can it grow, does somebody answer, then by policy."""
    policy = system.settings.select_policy
    measures: list[int] = [not aggregator.is_individual, aggregator.has_partner]
    if policy is SelectPolicy.ACTOR_PORT_PRIO:
        measures.append(aggregator.priority_sum)
    if policy in (SelectPolicy.ACTOR_PORT_PRIO, SelectPolicy.COUNT):
        measures.append(aggregator.enabled_port_count)
    measures.append(aggregator.bandwidth_mbps)
    return tuple(measures)


def _is_kept(system: System, active: Aggregator, best: Aggregator | None) -> bool:
    """With ad_select=stable the active aggregator stays as long as it is of any use."""
    if best is None or system.settings.select_policy is not SelectPolicy.STABLE:
        return False
    if not active.enabled_port_count or (active.key == 0 and best.key != 0):
        return False
    return active.has_partner or not best.has_partner


def _enable_ports_without_partner(system: System) -> None:
    """Nobody speaks LACP at the other end: the port works alone, as if it were no bond."""
    active = system.active_aggregator
    if active and not active.has_partner:
        for port in active.ports:
            enable(port)


def has_carrier(system: System, *, min_links: int, is_strict: bool) -> bool:
    """Whether the bond shows a carrier (Linux 6.12 bond_3ad_set_carrier).

    Linux counts ports whose link is up, negotiated or not. `is_strict` is newer than 6.12 (2026,
    "bonding: 3ad: fix carrier when no usable slaves"): it counts ports that collect and distribute,
    and wants one at least.
    """
    active = system.active_aggregator
    if active is None:
        return False
    if is_strict:
        return active.carrying_port_count >= max(1, min_links)
    return active.enabled_port_count >= min_links
