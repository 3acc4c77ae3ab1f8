"""How does the data plane forward for balance-tlb and balance-alb?

What it cannot decide by this table it leaves to the bond: modes/balance_tlb.py host_frame.
"""

from pybondd.balance.tlb import TransmitTable
from pybondd.forwarding import Balances, ForwardingTable, HashPolicy, PortEntry, Receive, Spread
from pybondd.modes.base import numbered
from pybondd.port import Port
from pybondd.state import BondState


def table_by_load(
    state: BondState, transmit: TransmitTable, balances: Balances, *, covers_dead_ports: bool
) -> ForwardingTable:
    """Buckets that the bond has dealt out; the others are left to it, for it to deal out."""
    if not any(port.can_transmit for port in state.ports):
        return _table(state, Spread.NONE, balances, covers_dead_ports=covers_dead_ports)
    owners = transmit.owners(state.ports)
    return _table(
        state, Spread.BUCKETS, balances, buckets=owners, covers_dead_ports=covers_dead_ports
    )


def table_by_hash(
    state: BondState, usable: tuple[Port, ...], balances: Balances, *, covers_dead_ports: bool
) -> ForwardingTable:
    """tlb_dynamic_lb=0: the hash itself chooses from what is usable."""
    ports = tuple(port.ifindex for port in usable)
    spread = Spread.HASH if ports else Spread.NONE
    return _table(state, spread, balances, tx_ports=ports, covers_dead_ports=covers_dead_ports)


def _table(
    state: BondState,
    spread: Spread,
    balances: Balances,
    *,
    tx_ports: tuple[int, ...] = (),
    buckets: tuple[int, ...] = (),
    covers_dead_ports: bool,
) -> ForwardingTable:
    """Made in one piece, as it is made anew for every ARP of the host."""
    receives_by_all = balances is Balances.IP
    others = Receive.UNICAST if receives_by_all else Receive.SUPPRESS
    return numbered(
        state,
        ForwardingTable(
            spread=spread,
            tx_ports=tx_ports,
            ports=tuple(_entry(port, others) for port in state.ports),
            hash_policy=HashPolicy(state.options.xmit_hash_policy),
            packets_per_port=state.options.packets_per_slave,
            active_port=state.active.ifindex if state.active else None,
            balances=balances,
            buckets=buckets,
            bond_mac=state.mac if receives_by_all else b"",
            covers_dead_ports=covers_dead_ports,
            generation=state.table.generation,
        ),
    )


def _entry(port: Port, others: Receive) -> PortEntry:
    """`others` is what a port does that is not the active one: in balance-alb it hears those whom
    ARP sent there."""
    is_live = port.is_live
    return PortEntry(
        ifindex=port.ifindex,
        can_transmit=is_live and not port.is_backup,
        is_live=is_live,
        receive=others if port.is_inactive else Receive.DELIVER,
        queue_id=port.queue_id,
        mac=port.mac,
    )
