"""Whose address does a frame show on the cable, and whose to the host?

Each port of balance-tlb and balance-alb has an address of its own, or the switch would learn one on
two ports. The host knows of one address, that of the bond. Source: Linux 6.12 bond_alb.c
bond_do_alb_xmit, bond_main.c bond_handle_frame.
"""

from pybondd.counters import Reason
from pybondd.forwarding import Balances, ForwardingTable, PortEntry
from pybondd.wire.ethernet import is_group, with_source


def as_sent(table: ForwardingTable, entry: PortEntry, frame: bytes) -> bytes:
    """The frame as it leaves by this port; by the active one, which has the bond's address, as is.

    Linux replaces any source, also one that is not the bond's (a bridge's guest).
    """
    if table.balances is Balances.EVERYTHING or entry.ifindex == table.active_port:
        return frame
    return with_source(frame, entry.mac)


def as_delivered(table: ForwardingTable, entry: PortEntry, frame: bytes) -> bytes:
    """The frame as the host gets it.

    Linux differs: it has no need of this, since IP asks the port whether a frame was for us; only
    below a bridge it does the same.
    """
    if not table.bond_mac or frame[:6] not in _own_addresses(table, entry):
        return frame
    return table.bond_mac + frame[6:]


def why_not_unicast(table: ForwardingTable, entry: PortEntry, frame: bytes) -> Reason | None:
    """Why the host does not get a frame of a port with Receive.UNICAST, or None if it does.

    Linux 6.12 bond_should_deliver_exact_match, and what IP does with the bond's address.
    """
    if is_group(frame):
        return Reason.SUPPRESSED
    is_for_bond = frame[:6] == table.bond_mac != entry.mac
    return Reason.OTHER_PORT if is_for_bond else None


def _own_addresses(table: ForwardingTable, entry: PortEntry) -> list[bytes]:
    """To which destinations does this port answer?"""
    own = [entry.mac]
    if table.covers_dead_ports and entry.ifindex == table.active_port:
        own += [port.mac for port in table.ports if not port.can_transmit]
    return own
