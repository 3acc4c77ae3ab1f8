"""How does a port enter LACP, and how does it say goodbye?

Source: Linux 6.12 bond_3ad.c bond_3ad_bind_slave, bond_3ad_unbind_slave, ad_initialize_port.
"""

from dataclasses import replace

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.key import key_of
from pybondd.lacp.port import DEFAULT_PORT_PRIORITY, AggregationPort, Member
from pybondd.lacp.selection import choose_active
from pybondd.lacp.system import FIRST_PORT_HOLD_PASSES, System
from pybondd.lacp.transmit import send_lacpdu
from pybondd.wire.slow import Participant, PortState

_GIVEN_UP = (
    PortState.SYNCHRONIZATION
    | PortState.COLLECTING
    | PortState.DISTRIBUTING
    | PortState.AGGREGATION
)


def bind(system: System, member: Member, *, address: bytes) -> AggregationPort:
    """A new port. The first one gives the system `address`, the bond's at this moment."""
    if not system.ports:
        system.address = address
        system.last_aggregator_id = 0
        system.selection_hold = FIRST_PORT_HOLD_PASSES
    port = AggregationPort(system, member, _actor(system))
    system.last_aggregator_id += 1
    port.own = Aggregator(system.last_aggregator_id)
    system.ports.append(port)
    port.actor = replace(port.actor, key=key_of(port))
    return port


def _actor(system: System) -> Participant:
    number = system.ports[-1].actor.port_number + 1 if system.ports else 1
    return Participant(
        system.priority, system.address, 0, DEFAULT_PORT_PRIORITY, number, first_state(system)
    )


def first_state(system: System) -> int:
    """Our state before anything has happened, which is what the settings say."""
    state = PortState.AGGREGATION
    if system.settings.is_active:
        state |= PortState.ACTIVITY
    if system.settings.is_fast:
        state |= PortState.SHORT_TIMEOUT
    return int(state)


def unbind(port: AggregationPort) -> None:
    """The port leaves: tell the partner at once, whatever the rate limit says, then let go."""
    system = port.system
    port.set_actor(_GIVEN_UP, on=False)
    send_lacpdu(port)
    system.departed.add(port.counters)
    _give_own_aggregator_away(port)
    _leave_listing_aggregator(port)
    system.ports.remove(port)


def _give_own_aggregator_away(port: AggregationPort) -> None:
    """The aggregator that came with the port goes with it: whoever is in it needs another."""
    own, system = port.own, port.system
    if not own.ports:
        return
    if own.ports == [port]:
        was_active = own.is_active
        own.clear()
        if was_active:
            choose_active(system)
        return
    heir = _heir(port)
    if heir is None:
        system.tell_error(port, "no aggregator is free for the ports that stay")
        return
    held_only_this = heir.ports == [port]
    was_active = heir.is_active
    heir.take_over(own)
    if held_only_this and was_active:
        choose_active(system)


def _heir(port: AggregationPort) -> Aggregator | None:
    """The first aggregator that is free, or will be once the port is gone."""
    return next((each for each in port.system.aggregators if each.ports in ([], [port])), None)


def _leave_listing_aggregator(port: AggregationPort) -> None:
    for aggregator in port.system.aggregators:
        if port not in aggregator.ports:
            continue
        aggregator.ports.remove(port)
        if aggregator.enabled_port_count:
            continue
        was_active = aggregator.is_active
        if not aggregator.ports:
            aggregator.clear()
        if was_active:
            choose_active(port.system)
    port.aggregator = None
