"""active-backup: one port works, the others wait.

Source: Linux 6.12 bond_main.c bond_xmit_activebackup, bond_change_active_slave;
bonding.rst: active-backup, primary, fail_over_mac. The election is in failover.py.
"""

from pybondd.forwarding import ForwardingTable, Spread
from pybondd.modes.base import Mode, build_table
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant


class ActiveBackup(Mode):
    """All frames go out of the active port; what the others receive is suppressed."""

    number = BondMode.ACTIVE_BACKUP
    has_primary = True
    announces = True

    def port_added(self, state: BondState, port: Port) -> None:
        """Wait for the election."""
        state.set_inactive(port)

    def opened(self, state: BondState, *, now: Instant) -> None:
        """Only the active port, if there is one, works."""
        for port in state.ports:
            state.set_inactive(port)
        if state.active:
            state.set_active(state.active)

    def link_up(self, state: BondState, port: Port) -> None:
        """A link alone does not make a port active."""

    def link_down(self, state: BondState, port: Port) -> None:
        """A port without a link is a backup, even before the election has a successor."""
        state.set_inactive(port)

    def active_changed(self, state: BondState, old: Port | None) -> None:
        """Swap the roles."""
        if old:
            state.set_inactive(old)
        if state.active:
            state.set_active(state.active)

    def nothing_usable(self, state: BondState) -> bool:
        """Nobody is active."""
        return state.active is None

    def table(self, state: BondState) -> ForwardingTable:
        """The active port, whatever its link: giving it up is the monitor's decision."""
        if state.active is None:
            return build_table(state, Spread.NONE, (), obeys_queue_id=True)
        only = (state.active.ifindex,)
        return build_table(state, Spread.ONE, only, obeys_queue_id=True)
