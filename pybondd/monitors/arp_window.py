"""Was a port heard, or a probe sent, recently enough?

Linux counts in ticks of its timer (jiffies). With `state.tick_ns` of 1 a tick is a nanosecond, and
the same sums are exact. Source: Linux 6.12 bond_main.c bond_time_in_interval, bonding.h
slave_last_rx, slave_oldest_target_arp_rx.
"""

from enum import IntEnum

from pybondd.port import MAX_TARGETS, Port
from pybondd.state import BondState
from pybondd.units import Instant, milliseconds


class AllTargets(IntEnum):
    """arp_all_targets: whose answers keep a port up?"""

    ANY = 0
    ALL = 1


def is_within(state: BondState, instant: Instant, intervals: int, *, now: Instant) -> bool:
    """Did it happen at most so many and a half intervals ago? (An interval ahead counts, too.)"""
    interval = interval_ticks(state)
    then, today = instant // state.tick_ns, now // state.tick_ns
    return then - interval <= today <= then + intervals * interval + interval // 2


def interval_ticks(state: BondState) -> int:
    """arp_interval, a begun tick counts."""
    return -(-milliseconds(state.options.arp_interval) // state.tick_ns)


def heard_ns(state: BondState, port: Port) -> Instant:
    """When the port was last heard; with arp_all_targets=all, by the target silent the longest.

    The first place counts even if there is no ARP target, and NS targets have no places but those
    of ARP targets: as in Linux.
    """
    if state.options.arp_all_targets == AllTargets.ANY:
        return port.last_rx_ns
    return min(port.target_rx_ns[: max(1, len(state.options.arp_ip_targets))])


def start_afresh(state: BondState, port: Port, *, now: Instant) -> None:
    """A port that has just joined counts as heard an interval and a tick ago, and so its probes."""
    past = now - (interval_ticks(state) + 1) * state.tick_ns
    port.last_tx_ns = port.last_rx_ns = past
    port.target_rx_ns = [past] * MAX_TARGETS
