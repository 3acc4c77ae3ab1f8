"""balance-rr: frame after frame, port after port.

Source: Linux 6.12 bond_main.c bond_xmit_roundrobin_slave_get; bonding.rst: balance-rr.
The dispatcher keeps the counter and skips ports that cannot transmit; it begins with the second
port, because Linux counts before it looks.
"""

from pybondd.forwarding import ForwardingTable, Spread
from pybondd.modes.base import Mode, build_table
from pybondd.option import BondMode
from pybondd.state import BondState


class BalanceRr(Mode):
    """Every port takes its turn; IGMP keeps to one port, or a switch would learn it on all."""

    number = BondMode.BALANCE_RR

    def table(self, state: BondState) -> ForwardingTable:
        """All ports, dead ones too: the dispatcher's walk depends on their places."""
        everyone = tuple(port.ifindex for port in state.ports)
        return build_table(state, Spread.ROUND_ROBIN, everyone, obeys_queue_id=True)
