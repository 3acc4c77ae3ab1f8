"""balance-xor: a hash of the frame chooses the port.

Source: Linux 6.12 bond_main.c bond_3ad_xor_xmit, bond_update_slave_arr; bonding.rst: balance-xor.
"""

from pybondd.forwarding import ForwardingTable, Spread
from pybondd.modes.base import Mode, build_table
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant


class BalanceXor(Mode):
    """A frame goes to usable[hash % len(usable)].

    `usable` is rebuilt at certain events only, and not looked at again in between, as in Linux.
    It is None until the first of them.
    """

    number = BondMode.BALANCE_XOR

    def __init__(self) -> None:
        self.usable: tuple[int, ...] | None = None

    def port_added(self, state: BondState, port: Port) -> None:
        """One more may be usable."""
        super().port_added(state, port)
        self.device_changed(state)

    def port_removed(self, state: BondState, port: Port) -> None:
        """One less is usable."""
        self.device_changed(state)

    def opened(self, state: BondState, *, now: Instant) -> None:
        """All roles start anew, so the ports are counted anew."""
        super().opened(state, now=now)
        self.device_changed(state)

    def device_changed(self, state: BondState) -> None:
        """A dead carrier drops out at once, with or without a monitor."""
        self.usable = tuple(port.ifindex for port in state.ports if port.can_transmit)

    def link_up(self, state: BondState, port: Port) -> None:
        """The monitor trusts the port again."""
        super().link_up(state, port)
        self.device_changed(state)

    def link_down(self, state: BondState, port: Port) -> None:
        """The monitor gave the port up."""
        self.device_changed(state)

    def nothing_usable(self, state: BondState) -> bool:
        """The array exists and is empty."""
        return self.usable == ()

    def table(self, state: BondState) -> ForwardingTable:
        """The usable ports in enslave order, gaps closed."""
        return build_table(state, Spread.HASH, self.usable or ())
