"""Which ports does a pass of the ARP monitor take into use, and which does it give up?

Source: Linux 6.12 bond_main.c bond_loadbalance_arp_mon, bond_ab_arp_inspect; bonding.rst:
arp_missed_max.
"""

from pybondd.monitors.arp_window import heard_ns, is_within
from pybondd.port import Link, Port
from pybondd.state import BondState
from pybondd.units import Instant

Verdicts = dict[int, Link]
"""New link states by interface index; a port without a verdict keeps its state."""

GRACE_INTERVALS = 2
"""So long (and a half) active-backup leaves a port alone that has just joined or become active."""


def judge_working_port(state: BondState, port: Port, *, now: Instant) -> Link | None:
    """Where all ports work: has this one asked and been heard? All of its traffic counts.

    arp_all_targets plays no role here, as in Linux.
    """
    intervals = state.options.arp_missed_max if port.link is Link.UP else 1
    is_alive = _both_within(state, port, port.last_rx_ns, intervals, now=now)
    if is_alive == (port.link is Link.UP):
        return None
    return Link.UP if is_alive else Link.DOWN


def judge_backup_ports(state: BondState, *, now: Instant) -> Verdicts:
    """active-backup: all ports, as they were before the pass."""
    judged = ((port.ifindex, _judge_backup_port(state, port, now=now)) for port in state.ports)
    return {ifindex: verdict for ifindex, verdict in judged if verdict is not None}


def _judge_backup_port(state: BondState, port: Port, *, now: Instant) -> Link | None:
    heard = heard_ns(state, port)
    if port.link is not Link.UP:
        if is_within(state, heard, 1, now=now):
            return Link.UP
        return Link.FAIL if port.link is Link.BACK else None
    if is_within(state, port.last_link_up_ns, GRACE_INTERVALS, now=now):
        return None
    missed = state.options.arp_missed_max
    if not port.is_backup:
        return None if _both_within(state, port, heard, missed, now=now) else Link.DOWN
    # A backup hears the active port's probes; while there is none, what it hears is no sign.
    waits_for_candidate = state.probing.candidate is not None
    is_alive = waits_for_candidate or is_within(state, heard, missed + 1, now=now)
    return None if is_alive else Link.DOWN


def _both_within(
    state: BondState, port: Port, heard: Instant, intervals: int, *, now: Instant
) -> bool:
    """Did a probe leave, and was the port heard, so many and a half intervals ago at most?"""
    has_asked = is_within(state, port.last_tx_ns, intervals, now=now)
    return has_asked and is_within(state, heard, intervals, now=now)
