"""Which port has which MAC address in balance-tlb and balance-alb?

Each port has an address of its own, and the active one has the bond's. All addresses in use are
permanent ones of ports, or one that a user gave the bond; so a change of the active port is an
exchange. Source: Linux 6.12 bond_alb.c alb_handle_addr_collision_on_attach,
alb_change_hw_addr_on_detach, bond_alb_handle_active_change, bond_alb_set_mac_address.

Linux differs: in balance-tlb it gives the bond's address to the hardware of every port, and keeps
the one described here beside it. What is sent and shown is the same.
"""

import errno
from collections.abc import Iterable

from pybondd.modes.moving_mac import share_mac
from pybondd.port import Port
from pybondd.refusal import RefusedError
from pybondd.state import BondState


def mac_for_newcomer(state: BondState, permanent_mac: bytes, name: str) -> bytes:
    """The address for a port that is about to join: its own, or a spare one of another port.

    Raises RefusedError (EFAULT, as Linux) if every address is in use.
    """
    if not state.ports:
        return permanent_mac
    is_taken = _holder(state.ports, permanent_mac) is not None
    if permanent_mac != state.mac and not is_taken:
        return permanent_mac
    spare = _port_with_spare_mac(state)
    if spare:
        state.warn(f"{name} gets the permanent address of {spare.name}, as its own is in use")
        return spare.permanent_mac
    if state.active or _holder(state.ports, state.mac):
        what = f"{name} cannot join {state.name}"
        remedy = f"ip link set {name} address <another>"
        raise RefusedError(errno.EFAULT, what, "its address is in use in this bond", remedy)
    return state.mac


def _port_with_spare_mac(state: BondState) -> Port | None:
    """The first port whose permanent address no port has now."""
    ports = state.ports
    return next((port for port in ports if _holder(ports, port.permanent_mac) is None), None)


def partner_of_new_active(state: BondState, old: Port | None) -> Port | None:
    """With whom the new active port exchanges addresses: its predecessor, or who has the bond's.

    That may be the new active port itself; None if nobody has the bond's address.
    """
    return old or _holder(state.ports, state.mac)


def rightful_owner_met(state: BondState, leaver: Port) -> Port | None:
    """Who has the permanent address of a leaving port, and must give it back; mostly nobody."""
    if leaver.permanent_mac in (leaver.mac, state.mac):
        return None
    return _holder(state.ports, leaver.permanent_mac)


def take_bond_mac(state: BondState, mac: bytes) -> None:
    """A user gave the bond this address."""
    state.mac_is_random = False
    share_mac(state, mac)


def holder_of(state: BondState, mac: bytes) -> Port | None:
    """The port that has this address now."""
    return _holder(state.ports, mac)


def _holder(ports: Iterable[Port], mac: bytes) -> Port | None:
    return next((port for port in ports if port.mac == mac), None)
