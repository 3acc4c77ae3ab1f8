"""The places of the modes that are still to be built: balance-tlb, balance-alb.

Their options follow Linux's rules already, so a bond can be set to them; they forward nothing. The
daemon refuses to bring up a bond in a mode of UNBUILT_MODES.
"""

from pybondd.modes.base import Mode
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant

UNBUILT_MODES = frozenset({BondMode.BALANCE_TLB, BondMode.BALANCE_ALB})


class BalanceTlb(Mode):
    """balance-tlb: the election of the active port, no balancing."""

    number = BondMode.BALANCE_TLB
    has_primary = True
    needs_speed = True

    def port_added(self, state: BondState, port: Port) -> None:
        """Every port transmits; only the active one receives."""
        port.is_backup = False
        state.set_inactive(port)

    def opened(self, state: BondState, *, now: Instant) -> None:
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
