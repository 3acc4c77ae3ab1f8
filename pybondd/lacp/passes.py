"""What happens every 100 ms, and what between?

The pass runs every machine of every port once. A received PDU runs the Receive machine at once;
everything else reacts in the next pass. Source: Linux 6.12 bond_3ad.c
bond_3ad_state_machine_handler, bond_3ad_rx_indication, bond_3ad_handle_link_change.
"""

from typing import Final

from pybondd.lacp.churn import run_churn
from pybondd.lacp.key import update_key
from pybondd.lacp.marker import answer_marker
from pybondd.lacp.mux import run_mux
from pybondd.lacp.periodic import run_periodic
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.receive import run_receive
from pybondd.lacp.selection import choose_active, select_port
from pybondd.lacp.system import System
from pybondd.lacp.transmit import run_transmit
from pybondd.wire.slow import Lacpdu, Malformed, Marker, oddities, parse_slow

MAX_PDUS_PER_PASS: Final = 32
"""Of one port. A partner that keeps the standard sends at most three a second; the bound keeps a
storm on one port from taking the time of the others. Linux has none."""


def run_pass(system: System) -> None:
    """One pass over all ports, in the order in which they joined."""
    if not system.ports:
        return
    system.best = None  # Carriers and speeds may be others than in the last pass.
    if system.selection_hold:
        system.selection_hold -= 1
        if system.selection_hold == 0:
            choose_active(system)
    for port in system.ports:
        _run_machines(port)


def _run_machines(port: AggregationPort) -> None:
    port.pdus_this_pass = 0
    run_receive(port)
    run_periodic(port)
    select_port(port)
    run_mux(port)
    run_transmit(port)
    run_churn(port)
    port.begin = False


def frame_received(port: AggregationPort, frame: bytes) -> Lacpdu | Marker | Malformed | None:
    """A frame for the slow protocols has come in on this port (its VLAN tag taken out).

    Returns what it said; None if it was dropped unread because too many came.
    """
    if port.pdus_this_pass >= MAX_PDUS_PER_PASS:
        port.counters.over_limit += 1
        return None
    port.pdus_this_pass += 1
    said = parse_slow(frame)
    match said:
        case Malformed():
            _count_malformed(port, said)
            return said
        case Lacpdu():
            port.counters.lacpdu_rx += 1
            run_receive(port, said)
        case Marker(is_response=True):
            port.counters.marker_resp_rx += 1
        case _:
            port.counters.marker_rx += 1
            answer_marker(port, said)
    port.counters.oddities.update(oddities(frame))
    return said


def _count_malformed(port: AggregationPort, reason: Malformed) -> None:
    match reason:
        case Malformed.TOO_SHORT:
            port.counters.lacpdu_illegal_rx += 1
        case Malformed.UNKNOWN_SUBTYPE:
            port.counters.lacpdu_unknown_rx += 1
        case _:
            port.counters.marker_unknown_rx += 1


def link_changed(port: AggregationPort, *, is_up: bool) -> None:
    """The monitor trusts the port's link, or does not any more."""
    port.port_enabled = is_up
    update_key(port, has_link=is_up)
    choose_active(port.system)


def speed_changed(port: AggregationPort) -> None:
    """Speed or duplex were read again."""
    update_key(port, has_link=True)
