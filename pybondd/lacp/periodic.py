"""Periodic Transmission machine: how often do we send unasked?

As often as the partner wants to hear from us: every second or every 30. IEEE Std 802.1AX-2014
6.4.13; Linux 6.12 bond_3ad.c ad_periodic_machine.
"""

from typing import Final

from pybondd.lacp.boxes import PeriodicBox
from pybondd.lacp.machine import Arc, Machine, always
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND
from pybondd.wire.slow import PortState

FAST_PERIOD_PASSES: Final = 1 * PASSES_PER_SECOND - 1
SLOW_PERIOD_PASSES: Final = 30 * PASSES_PER_SECOND - 1
"""IEEE Std 802.1AX-2014 6.4.4: 1 s and 30 s. One pass of each period is spent in PERIODIC_TX."""


# Conditions.


def no_periodic(port: AggregationPort) -> bool:
    """Nobody may send, or neither side wants to be active."""
    both_passive = not (port.actor_has(PortState.ACTIVITY) or port.partner_has(PortState.ACTIVITY))
    return port.begin or not port.lacp_enabled or not port.port_enabled or both_passive


def periodic_timer_expired(port: AggregationPort) -> bool:
    return port.periodic_expired


def partner_wants_long(port: AggregationPort) -> bool:
    """If the timer runs out as well, the LACPDU goes first."""
    return not port.periodic_expired and not port.partner_has(PortState.SHORT_TIMEOUT)


def expired_or_partner_wants_short(port: AggregationPort) -> bool:
    return port.periodic_expired or port.partner_has(PortState.SHORT_TIMEOUT)


def long_timeout(port: AggregationPort) -> bool:
    return not port.partner_has(PortState.SHORT_TIMEOUT)


def short_timeout(port: AggregationPort) -> bool:
    return port.partner_has(PortState.SHORT_TIMEOUT)


# Actions.


def stop_periodic_timer(port: AggregationPort) -> None:
    port.periodic_timer = 0


def start_fast_timer(port: AggregationPort) -> None:
    port.periodic_timer = FAST_PERIOD_PASSES


def start_slow_timer(port: AggregationPort) -> None:
    port.periodic_timer = SLOW_PERIOD_PASSES


def need_to_transmit(port: AggregationPort) -> None:
    port.ntt = True


def let_time_pass(port: AggregationPort) -> None:
    """Count the period down."""
    if port.periodic_timer:
        port.periodic_timer -= 1
        port.periodic_expired = port.periodic_timer == 0


def forget_moment(port: AggregationPort) -> None:
    port.periodic_expired = False


_B = PeriodicBox
PERIODIC: Final = Machine(
    "periodic",
    "IEEE Std 802.1AX-2014 6.4.13, Periodic Transmission machine",
    "periodic_box",
    every_pass=let_time_pass,
    after_pass=forget_moment,
    entry={
        _B.NO_PERIODIC: (stop_periodic_timer,),
        _B.FAST_PERIODIC: (start_fast_timer,),
        _B.SLOW_PERIODIC: (start_slow_timer,),
        _B.PERIODIC_TX: (stop_periodic_timer, need_to_transmit),
    },
    arcs=(
        Arc(None, _B.NO_PERIODIC, no_periodic),
        Arc(_B.NO_PERIODIC, _B.FAST_PERIODIC, always),
        Arc(_B.FAST_PERIODIC, _B.PERIODIC_TX, periodic_timer_expired),
        Arc(_B.FAST_PERIODIC, _B.SLOW_PERIODIC, partner_wants_long),
        Arc(_B.SLOW_PERIODIC, _B.PERIODIC_TX, expired_or_partner_wants_short),
        Arc(_B.PERIODIC_TX, _B.FAST_PERIODIC, short_timeout),
        Arc(_B.PERIODIC_TX, _B.SLOW_PERIODIC, long_timeout),
    ),
)


def run_periodic(port: AggregationPort) -> None:
    """One pass."""
    PERIODIC.step_once(port)
