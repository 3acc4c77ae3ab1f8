"""The user changes the bond's MAC or MTU: all ports follow, or none does.

Source: Linux 6.12 bond_main.c bond_set_mac_address, bond_change_mtu.
"""

from pybondd.effects import Effect, SetBondMac, SetBondMtu, SetPortMac, SetPortMtu
from pybondd.modes.base import Mode
from pybondd.modes.moving_mac import set_port_mac, share_mac
from pybondd.option import BondMode
from pybondd.state import BondState, FailOverMac


def follow_mac(state: BondState, mode: Mode, mac: bytes) -> None:
    """Give the bond's new address to every port, in order.

    With fail_over_mac the addresses belong to the ports: Linux accepts the request and ignores it,
    so the bond interface gets its old address back. A mode may have a way of its own; it may also
    refuse (RefusedError).
    """
    if mac == state.mac or mode.gives_out_mac(state, mac):
        return
    if _macs_belong_to_ports(state):
        state.ask(SetBondMac(state.mac))
        return
    state.mac_before = state.mac
    state.mac_is_random = False
    share_mac(state, mac)
    for port in state.ports:
        set_port_mac(state, port, mac)


def _macs_belong_to_ports(state: BondState) -> bool:
    return (
        state.options.mode is BondMode.ACTIVE_BACKUP
        and state.options.fail_over_mac != FailOverMac.NONE
    )


def follow_mtu(state: BondState, mtu: int) -> None:
    """Give the bond's new MTU to every port, in order."""
    if mtu == state.mtu:
        return
    state.mtu_before = state.mtu
    state.mtu = mtu
    for port in state.ports:
        state.ask(SetPortMtu(port.ifindex, mtu))


def roll_back(state: BondState, failed: Effect) -> None:
    """An effect of this event failed: undo what makes no sense without it. Mostly nothing."""
    if isinstance(failed, SetPortMac) and failed.ifindex in state.macs_before:
        _roll_back_macs(state, failed.ifindex)
    if isinstance(failed, SetPortMtu) and state.mtu_before and failed.mtu == state.mtu:
        state.mtu, state.mtu_before = state.mtu_before, None
        for port in state.ports:
            if port.ifindex != failed.ifindex:
                state.ask(SetPortMtu(port.ifindex, state.mtu))
        state.ask(SetBondMtu(state.mtu))


def _roll_back_macs(state: BondState, failed_ifindex: int) -> None:
    """The bond's address goes to all ports or none; a swap stands or falls with its first half.

    When only the second half of a swap fails, the active port has the bond's address already and
    keeps it, as in Linux.
    """
    before, state.macs_before = state.macs_before, {}
    is_first = next(iter(before)) == failed_ifindex
    concerns_all = state.mac_before is not None or is_first
    for port in state.ports:
        if port.ifindex == failed_ifindex:
            port.mac = before[port.ifindex]
        elif concerns_all and port.ifindex in before:
            port.mac = before[port.ifindex]
            state.ask(SetPortMac(port.ifindex, port.mac))
    if state.mac_before:
        mac, state.mac_before = state.mac_before, None
        share_mac(state, mac)
        state.ask(SetBondMac(mac))
