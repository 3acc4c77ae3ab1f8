"""What must hold of LACP at every instant, whatever happened to it?

Each rule is a sentence that is true of a port, or of a system. They hold as Linux keeps them: where
the driver allows more than the textbook does, the rule says so. What concerns change rather than
state (timers that run, frames that were sent) stands in watch_lacp.py.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.boxes import MuxBox, PeriodicBox, ReceiveBox
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import Follows, System
from pybondd.sim.bonded import SimulatedBond
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import PortState

PortRule: TypeAlias = Callable[[AggregationPort], bool]
PassRule: TypeAlias = Callable[[AggregationPort, MuxBox | None], bool]
SystemRule: TypeAlias = Callable[[System], bool]
BondRule: TypeAlias = Callable[[SimulatedBond, System], bool]

S = int(PortState.SYNCHRONIZATION)
C, D = int(PortState.COLLECTING), int(PortState.DISTRIBUTING)
A, T, G = (int(PortState.ACTIVITY), int(PortState.SHORT_TIMEOUT), int(PortState.AGGREGATION))
F, E = int(PortState.DEFAULTED), int(PortState.EXPIRED)
SENDS = (MuxBox.COLLECTING_DISTRIBUTING, MuxBox.DISTRIBUTING)
CARRIES = (*SENDS, MuxBox.COLLECTING)

# Of a port, at any time.


def it_says_that_it_collects_and_distributes_where_the_mux_does(port: AggregationPort) -> bool:
    """The two flags are the Mux machine's box, no more and no less."""
    collects, distributes = port.mux_box in CARRIES, port.mux_box in SENDS
    return port.actor.state & (C | D) == C * collects + D * distributes


def it_is_in_the_aggregator_that_lists_it(port: AggregationPort) -> bool:
    """A selected port is in one."""
    if port.aggregator is None:
        return not port.selected
    return port in port.aggregator.ports


def a_selected_port_shares_its_aggregators_partner(port: AggregationPort) -> bool:
    """Whoever else is in the aggregator leads to the same partner and key."""
    aggregator, partner = port.aggregator, port.partner
    if not port.selected or aggregator is None:
        return True
    known = (aggregator.partner_system_priority, aggregator.partner_system, aggregator.partner_key)
    return known == (partner.system_priority, partner.system, partner.key)


def the_timers_fit_the_boxes(port: AggregationPort) -> bool:
    """Each machine's timer runs where it must and never longer than it was wound up for.

    A port that hears its own LACPDUs is CURRENT without a timer, as in Linux.
    """
    most = {PeriodicBox.FAST_PERIODIC: 9, PeriodicBox.SLOW_PERIODIC: 299}
    limit = most.get(port.periodic_box, 0) if port.periodic_box else 0
    if not (limit > 0) <= port.periodic_timer <= limit:
        return False
    if port.receive_box is ReceiveBox.EXPIRED and not 1 <= port.current_while <= 30:
        return False
    if port.receive_box is ReceiveBox.DEFAULTED and port.current_while:
        return False
    is_heard = port.receive_box is ReceiveBox.CURRENT and not port.is_loop_told
    if not is_heard <= port.current_while <= 900:
        return False
    waits = port.wait_while or port.ready_n or port.mux_box is not MuxBox.WAITING
    churn = max(port.actor_churn_timer, port.partner_churn_timer)
    return port.wait_while <= 20 and bool(waits) and churn <= 600 and 1 <= port.transmit_window <= 3


def nothing_is_left_over_from_one_pass(port: AggregationPort) -> bool:
    """What is set for one run of a machine is taken back after it."""
    return port.received is None and not (
        port.received_marker
        or port.current_while_expired
        or port.periodic_expired
        or port.actor_churn_expired
        or port.partner_churn_expired
        or port.window_opens
    )


def it_speaks_in_the_systems_name(port: AggregationPort) -> bool:
    """The system's identity, and the settings, are the same on all ports."""
    actor, system = port.actor, port.system
    wanted = G + A * system.settings.is_active + T * system.settings.is_fast
    is_ours = (actor.system, actor.system_priority) == (system.address, system.priority)
    return is_ours and actor.state & (A | T | G) == wanted


def it_tells_whose_word_it_has(port: AggregationPort) -> bool:
    """Expired and Defaulted as the Receive machine stands. An LACPDU of our own changes neither."""
    said = port.actor.state & (E | F)
    match port.receive_box:
        case ReceiveBox.EXPIRED:
            return bool(said & E)
        case ReceiveBox.DEFAULTED | ReceiveBox.LACP_DISABLED:
            return said == F
        case ReceiveBox.CURRENT if not port.is_loop_told:
            return not said
        case ReceiveBox.INITIALIZE:
            return False
    return True


def a_partner_in_sync_is_heard_and_knows_us(port: AggregationPort) -> bool:
    """Nobody is in sync who is silent or has an old picture of us.

    Linux 6.1 keeps the last word of a partner whose link is lost.
    """
    if not port.partner.state & S or port.system.settings.follows is Follows.LINUX_6_1:
        return True
    return port.matched and port.receive_box is ReceiveBox.CURRENT


def a_link_that_is_trusted_is_enabled(port: AggregationPort) -> bool:
    """Linux differs: a new port is enabled before its link is."""
    return port.port_enabled or not port.member.is_link_up


PORT_RULES: tuple[PortRule, ...] = (
    it_says_that_it_collects_and_distributes_where_the_mux_does,
    it_is_in_the_aggregator_that_lists_it,
    a_selected_port_shares_its_aggregators_partner,
    the_timers_fit_the_boxes,
    nothing_is_left_over_from_one_pass,
    it_speaks_in_the_systems_name,
    it_tells_whose_word_it_has,
    a_partner_in_sync_is_heard_and_knows_us,
    a_link_that_is_trusted_is_enabled,
)

# Of a port, right after a pass; an LACPDU between two passes changes the port's mind, not its box.
# `before` is where its mux stood before the pass.


def it_carries_only_what_both_sides_want(port: AggregationPort, before: MuxBox | None) -> bool:
    """Linux differs: a port of an aggregator that lost the choice goes on saying so.

    The way out of DISTRIBUTING leads through COLLECTING, one box a pass. A port whose aggregator
    lost the choice to one of a port that runs later in the pass goes with the next.
    """
    is_on_its_way = (before, port.mux_box) == (MuxBox.DISTRIBUTING, MuxBox.COLLECTING)
    if port.mux_box not in CARRIES or is_on_its_way or lost_the_choice_just_now(port):
        return True
    both = port.selected and port.actor.state & port.partner.state & S
    return bool(both) and bool(port.mux_box is not MuxBox.DISTRIBUTING or port.partner.state & C)


def lost_the_choice_just_now(port: AggregationPort) -> bool:
    """Its sync was taken from it (mended; in Linux it keeps it)."""
    is_out = not port.is_in_active_aggregator and not port.actor.state & S
    return is_out and port.system.settings.follows is Follows.MENDED


def it_belongs_to_an_aggregator(port: AggregationPort, before: MuxBox | None) -> bool:
    """There are as many aggregators as ports, so there is always one."""
    return port.selected and port.mux_box is not None


PASS_RULES: tuple[PassRule, ...] = (
    it_carries_only_what_both_sides_want,
    it_belongs_to_an_aggregator,
)

# Of a system, at any time.


def at_most_one_aggregator_is_in_use(system: System) -> bool:
    """And it is not empty."""
    active = [each for each in system.aggregators if each.is_active]
    return len(active) <= 1 and all(each.ports for each in active)


def every_port_stands_in_one_list(system: System) -> bool:
    """The lists name the ports that have joined, each where it believes to be."""
    listed = [(port, aggregator) for aggregator in system.aggregators for port in aggregator.ports]
    believed = [(port, port.aggregator) for port in system.ports if port.aggregator]
    return len(listed) == len(believed) and set(listed) == set(believed)


def an_empty_aggregator_knows_nothing(system: System) -> bool:
    """It is free for whoever needs one."""
    return all(_is_blank(each) for each in system.aggregators if not each.ports)


def _is_blank(aggregator: Aggregator) -> bool:
    priority, key = aggregator.partner_system_priority, aggregator.partner_key
    remembers = aggregator.key or priority or key or aggregator.partner_system != NO_ADDRESS
    return not (remembers or aggregator.is_individual or aggregator.is_active)


def a_port_without_a_partner_is_alone(system: System) -> bool:
    """So is one that may not aggregate."""
    return all(
        len(each.ports) <= 1
        for each in system.aggregators
        if each.is_individual or not each.has_partner
    )


def numbers_are_given_once(system: System) -> bool:
    """Of aggregators and of ports; a port's number is above that of the port before it."""
    numbers = [port.actor.port_number for port in system.ports]
    ids = [each.id for each in system.aggregators]
    rises = all(a < b for a, b in pairwise(numbers))
    return rises and len(set(ids)) == len(ids) and max(ids, default=0) <= system.last_aggregator_id


def everything_asked_for_was_handed_over(system: System) -> bool:
    """Nothing waits for the next call."""
    return not system.outbox and 0 <= system.selection_hold <= 80


SYSTEM_RULES: tuple[SystemRule, ...] = (
    at_most_one_aggregator_is_in_use,
    every_port_stands_in_one_list,
    an_empty_aggregator_knows_nothing,
    a_port_without_a_partner_is_alone,
    numbers_are_given_once,
)

# Of the bond around it.


def only_ports_of_the_aggregator_in_use_transmit(bond: SimulatedBond, system: System) -> bool:
    """And of these all that can, in the order in which they joined."""
    active = system.active_aggregator
    members = [port.member.ifindex for port in active.ports] if active else []
    ports = [port for port in bond.bond.state.ports if port.ifindex in members]
    return bond.bond.table.tx_ports == tuple(p.ifindex for p in ports if p.can_transmit)


def the_system_has_the_bonds_ports(bond: SimulatedBond, system: System) -> bool:
    """The same, in the same order."""
    return [port.member for port in system.ports] == bond.bond.state.ports


BOND_RULES: tuple[BondRule, ...] = (
    only_ports_of_the_aggregator_in_use_transmit,
    the_system_has_the_bonds_ports,
)
