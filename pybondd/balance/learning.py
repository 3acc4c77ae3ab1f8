"""Which addresses does a port teach the switch?

Source: Linux 6.12 bond_alb.c alb_send_learning_packets, alb_upper_dev_walk; bonding.rst:
lp_interval.
"""

from collections.abc import Iterator

from pybondd.effects import SendFrame
from pybondd.events import HostAddress
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.wire.learning import learning_frame

VLAN_ID_MASK = 0x0FFF
"""A learning frame has the VLAN, and no priority."""


def teach(state: BondState, port: Port, mac: bytes, *, is_strict: bool) -> None:
    """Send learning frames for `mac` out of one port, one for each VLAN on the bond too.

    `is_strict`: not for the addresses of the macvlans above the bond.
    """
    state.ask(SendFrame(port.ifindex, learning_frame(mac)))
    for above in state.interfaces:
        for taught, tags in _taught_for(above, mac, bond_mac=state.mac, is_strict=is_strict):
            state.ask(SendFrame(port.ifindex, learning_frame(taught, tags)))


def _taught_for(
    above: HostAddress, mac: bytes, *, bond_mac: bytes, is_strict: bool
) -> Iterator[tuple[bytes, tuple[tuple[int, int], ...]]]:
    """What one interface above the bond adds: an address, and the tags of its frame."""
    tags = tuple((ethertype, tci & VLAN_ID_MASK) for ethertype, tci in above.tags[:1])
    if above.is_macvlan:
        if not is_strict:
            yield above.mac, tags
    elif above.depth == 1 and tags:
        # Until somebody gives it another, a VLAN interface has the address of what it stands on.
        yield (mac if above.mac == bond_mac else above.mac), tags
