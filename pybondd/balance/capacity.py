"""How much room does a port have left?

Source: Linux 6.12 bond_alb.c compute_gap, __rlb_next_rx_slave.
"""

from typing import Final

from pybondd.port import Port

UNKNOWN_SPEED_MBPS: Final = 2**32 - 1
"""Linux keeps an unknown speed as -1 in an unsigned field, so unknown beats every known speed."""
MEBIBIT_SHIFT: Final = 20
"""Linux takes a megabit for 2**20 bits."""
_WORD: Final = 0xFFFF_FFFF


def speed_of(port: Port) -> int:
    """The speed by which ports are compared, in Mbit/s, as it was last read."""
    return UNKNOWN_SPEED_MBPS if port.speed_mbps is None else port.speed_mbps


def gap(port: Port, load_octets_per_s: int, *, wraps: bool) -> int:
    """Bits per second that the port could carry beyond its load; may be negative.

    `wraps`: as Linux computes it, each side in 32 bits. A speed then counts modulo 4096 Mbit/s, so
    10 Gbit/s are less than 2.5: this is for comparisons with the driver, and for nothing else.
    """
    capacity = speed_of(port) << MEBIBIT_SHIFT
    load = load_octets_per_s * 8
    return (capacity & _WORD) - (load & _WORD) if wraps else capacity - load
