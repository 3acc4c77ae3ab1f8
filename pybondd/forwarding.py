"""All that the data plane may know: one immutable table, swapped by one store."""

from dataclasses import dataclass, replace
from enum import IntEnum

from pybondd.wire.ethernet import ADDRESS_OCTETS


class Spread(IntEnum):
    """How a frame from the host finds its port or ports."""

    NONE = 0
    """No port: every frame is dropped and counted."""
    ONE = 1
    """`tx_ports[0]`, whatever its link (active-backup)."""
    ROUND_ROBIN = 2
    """By a counter over `tx_ports`, dead ones skipped (Linux 6.12 bond_xmit_roundrobin)."""
    HASH = 3
    """`tx_ports[hash % len(tx_ports)]`."""
    EVERY = 4
    """A copy to each port of `tx_ports` that is live."""
    BUCKETS = 5
    """The owner of the frame's bucket; a frame whose bucket has none is left to the bond."""


class Balances(IntEnum):
    """Which frames `spread` chooses a port for. Every other one leaves by the active port."""

    EVERYTHING = 0
    UNICAST_IP = 1
    """balance/balanced.py is_balanced_by_hash. The bucket is an octet of the hash (balance-tlb)."""
    IP = 2
    """Those with a bucket in balance/balanced.py bucket_by_destination. ARP is left to the bond
    (balance-alb)."""


class HashPolicy(IntEnum):
    """xmit_hash_policy, numbered as Linux does."""

    LAYER2 = 0
    LAYER34 = 1
    LAYER23 = 2
    ENCAP23 = 3
    ENCAP34 = 4
    VLAN_SRCMAC = 5


class Receive(IntEnum):
    """What happens to a frame that arrives on a port."""

    DELIVER = 0
    """To the bond interface."""
    SUPPRESS = 1
    """Nowhere (the port's inactive bit in Linux): packet sockets on the port still see it."""
    UNICAST = 2
    """To the bond interface if it is for one station, but not if that is the bond itself, which is
    behind another port (balance-alb; Linux's IP drops that frame)."""


@dataclass(frozen=True, slots=True)
class PortEntry:
    """One port as the data plane sees it. `mac` is empty where no address is ever rewritten."""

    ifindex: int
    can_transmit: bool
    """Running, link UP and not a backup: round-robin may use it."""
    is_live: bool
    """Running and link UP: broadcast and a queue override may use it."""
    receive: Receive
    queue_id: int = 0
    mac: bytes = b""


@dataclass(frozen=True, slots=True)
class ForwardingTable:
    """How to forward until the next table comes.

    `ports` are all ports in enslave order. `tx_ports` are interface indices, a subset of `ports` in
    the order that `spread` counts in. `active_port`, or None, is where round-robin sends IGMP, and
    where frames go that `balances` says are not for `spread`.
    `obeys_queue_id`: a frame's queue mapping may override the choice (modes 0 and 1).
    `copies_neighbours`: ARP and neighbour discovery go as EVERY would send them, whatever `spread`.
    `buckets`: owners by number, interface indices of ports that can transmit, or NOBODY.
    `bond_mac`: unless empty, it replaces the destination of a frame for the address of the port
    that it came in on, and, with `covers_dead_ports`, on the active port the addresses of the ports
    that cannot transmit. Unless `balances` is EVERYTHING, a frame that leaves by another port than
    the active one gets that port's address as its source.
    `generation` grows by one with each table published for a bond.
    """

    spread: Spread = Spread.NONE
    tx_ports: tuple[int, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    hash_policy: HashPolicy = HashPolicy.LAYER2
    packets_per_port: int = 1
    active_port: int | None = None
    obeys_queue_id: bool = False
    copies_neighbours: bool = False
    balances: Balances = Balances.EVERYTHING
    buckets: tuple[int, ...] = ()
    bond_mac: bytes = b""
    covers_dead_ports: bool = False
    generation: int = 0

    def __post_init__(self) -> None:
        """Assert what the data plane relies on without looking again."""
        known = {entry.ifindex for entry in self.ports}
        assert len(known) == len(self.ports), "a port stands twice in the table"
        assert len(self.ports) <= MAX_PORTS, "more ports than the data plane has room for"
        assert set(self.tx_ports) <= known, "a transmit port that is no port"
        assert self.spread is not Spread.ONE or len(self.tx_ports) == 1
        assert 0 <= self.packets_per_port <= 65535
        assert len(self.buckets) == (BUCKET_COUNT if self.spread is Spread.BUCKETS else 0)
        assert set(self.buckets) <= known | {NOBODY}, "a bucket of no port"
        assert len(self.bond_mac) in (0, ADDRESS_OCTETS)
        if self.balances is Balances.EVERYTHING:
            assert self.spread is not Spread.BUCKETS
        else:
            self._assert_one_port_a_frame()

    def _assert_one_port_a_frame(self) -> None:
        """A frame that gets a port's address as its source is changed where it lies."""
        assert self.spread in (Spread.NONE, Spread.HASH, Spread.BUCKETS)
        assert not self.copies_neighbours
        assert self.spread is not Spread.HASH or self.tx_ports
        assert all(len(entry.mac) == ADDRESS_OCTETS for entry in self.ports)

    def next_generation(self) -> "ForwardingTable":
        """The same table, to be published after this one."""
        return replace(self, generation=self.generation + 1)


BUCKET_COUNT = 256
"""Linux 6.12 bond_alb.h TLB_HASH_TABLE_SIZE: one for each value of an octet."""
NOBODY = 0
"""No interface has this index."""
MAX_PORTS = 255
"""Bound of every array in the data plane. Linux has none; 255 ports is far beyond any machine."""
