"""How does the data plane forward for balance-tlb and balance-alb?

What it cannot decide by this table it leaves to the bond: modes/balance_tlb.py host_frame.
"""

from dataclasses import replace

from pybondd.balance.tlb import TransmitTable
from pybondd.forwarding import Balances, ForwardingTable, PortEntry, Receive, Spread
from pybondd.modes.base import build_table, entry_of, numbered
from pybondd.port import Port
from pybondd.state import BondState


def table_by_load(
    state: BondState, transmit: TransmitTable, balances: Balances, *, covers_dead_ports: bool
) -> ForwardingTable:
    """Buckets that the bond has dealt out; the others are left to it, for it to deal out."""
    table = _table(state, balances, covers_dead_ports=covers_dead_ports)
    if any(port.can_transmit for port in state.ports):
        table = replace(table, spread=Spread.BUCKETS, buckets=transmit.owners())
    return numbered(state, table)


def table_by_hash(
    state: BondState, usable: tuple[Port, ...], balances: Balances, *, covers_dead_ports: bool
) -> ForwardingTable:
    """tlb_dynamic_lb=0: the hash itself chooses from what is usable."""
    table = _table(state, balances, covers_dead_ports=covers_dead_ports)
    if usable:
        ports = tuple(port.ifindex for port in usable)
        table = replace(table, spread=Spread.HASH, tx_ports=ports)
    return numbered(state, table)


def _table(state: BondState, balances: Balances, *, covers_dead_ports: bool) -> ForwardingTable:
    """Without a port that can transmit there is nothing to choose."""
    receives_by_all = balances is Balances.IP
    return replace(
        build_table(state, Spread.NONE, ()),
        ports=tuple(_entry(port, receives_by_all=receives_by_all) for port in state.ports),
        balances=balances,
        bond_mac=state.mac if receives_by_all else b"",
        covers_dead_ports=covers_dead_ports,
    )


def _entry(port: Port, *, receives_by_all: bool) -> PortEntry:
    """In balance-alb a port that is not the active one hears those whom ARP sent there."""
    entry = replace(entry_of(port), mac=port.mac)
    if receives_by_all and entry.receive is Receive.SUPPRESS:
        return replace(entry, receive=Receive.UNICAST)
    return entry
