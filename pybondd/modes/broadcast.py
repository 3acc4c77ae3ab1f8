"""broadcast: every frame on every live port.

Source: Linux 6.12 bond_main.c bond_xmit_broadcast; bonding.rst: broadcast.
"""

from pybondd.forwarding import ForwardingTable, Spread
from pybondd.modes.base import Mode, build_table
from pybondd.option import BondMode
from pybondd.port import Duplex
from pybondd.state import BondState


class Broadcast(Mode):
    """Copies for all; whoever receives on two ports sees everything twice, as with Linux."""

    number = BondMode.BROADCAST

    def speed(self, state: BondState) -> tuple[int | None, Duplex | None]:
        """The slowest port sets the pace, since every frame leaves by all."""
        _, duplex = super().speed(state)
        speeds = [p.speed_mbps for p in state.ports if p.can_transmit and p.speed_mbps]
        return min(speeds, default=None), duplex

    def table(self, state: BondState) -> ForwardingTable:
        """All ports; the dispatcher leaves out those that are not live."""
        return build_table(state, Spread.EVERY, tuple(port.ifindex for port in state.ports))
