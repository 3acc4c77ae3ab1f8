"""The places of the modes that are still to be built: 802.3ad, balance-tlb, balance-alb.

Their options follow Linux's rules already, so a bond can be set to them; they forward nothing. The
daemon refuses to bring up a bond in a mode of UNBUILT_MODES.
"""

from pybondd.modes.base import Mode
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.state import BondState

UNBUILT_MODES = frozenset({BondMode.IEEE8023AD, BondMode.BALANCE_TLB, BondMode.BALANCE_ALB})


class Ieee8023ad(Mode):
    """802.3ad: roles as at enslave, no LACP."""

    number = BondMode.IEEE8023AD
    needs_speed = True

    def port_added(self, state: BondState, port: Port) -> None:
        """LACP has not negotiated yet."""
        state.set_inactive(port)

    def opened(self, state: BondState) -> None:
        """Roles stay."""


class BalanceTlb(Mode):
    """balance-tlb: the election of the active port, no balancing."""

    number = BondMode.BALANCE_TLB
    has_primary = True
    needs_speed = True

    def port_added(self, state: BondState, port: Port) -> None:
        """Every port transmits; only the active one receives."""
        port.is_backup = False
        state.set_inactive(port)

    def opened(self, state: BondState) -> None:
        """Only the active port receives."""
        for port in state.ports:
            state.set_inactive(port)
        self.active_changed(state, None)

    def active_changed(self, state: BondState, old: Port | None) -> None:
        """Swap the roles."""
        if old:
            state.set_inactive(old)
        if state.active:
            state.set_active(state.active)


class BalanceAlb(BalanceTlb):
    """balance-alb: as balance-tlb."""

    number = BondMode.BALANCE_ALB
