"""fail_over_mac: which address moves when the active port changes?

Source: Linux 6.12 bond_main.c bond_do_fail_over_mac; bonding.rst: fail_over_mac.
"""

from pybondd.effects import SetBondMac, SetPortMac
from pybondd.port import Port
from pybondd.state import BondState, FailOverMac


def move_mac(state: BondState, old: Port | None, new: Port | None) -> None:
    """Carry out the policy: nothing, the bond takes the port's address, or the ports swap."""
    if new is None:
        return
    match FailOverMac(state.options.fail_over_mac):
        case FailOverMac.NONE:
            return
        case FailOverMac.ACTIVE:
            set_bond_mac(state, new.mac)
        case FailOverMac.FOLLOW:
            _swap(state, old or _holder_of_bond_mac(state, new), new)


def set_bond_mac(state: BondState, mac: bytes) -> None:
    """Give the bond another address."""
    if mac != state.mac:
        share_mac(state, mac)
        state.ask(SetBondMac(mac))


def share_mac(state: BondState, mac: bytes) -> None:
    """Know the bond's address, and that interfaces above which shared the old one follow."""
    state.interfaces = tuple(
        above.with_mac(mac) if above.mac == state.mac else above for above in state.interfaces
    )
    state.mac = mac


def set_port_mac(state: BondState, port: Port, mac: bytes) -> None:
    """Give a port another address, and remember the one it had."""
    state.macs_before[port.ifindex] = port.mac
    port.mac = mac
    state.ask(SetPortMac(port.ifindex, mac))


def _holder_of_bond_mac(state: BondState, new: Port) -> Port | None:
    return next((p for p in state.ports if p is not new and p.mac == state.mac), None)


def _swap(state: BondState, old: Port | None, new: Port) -> None:
    if old is None:
        set_port_mac(state, new, state.mac)
        return
    old_mac, new_mac = old.mac, new.mac
    # The new active port comes first: without its new address the swap makes no sense, and
    # whoever undoes a failed change looks at this order.
    set_port_mac(state, new, old_mac)
    set_port_mac(state, old, new_mac)
