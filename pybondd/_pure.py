"""Which port, or ports, does a frame leave by, and does one that comes in reach the host?

The definition to read. pybondd/_fast.pyx does the same with types and loops, under the same names
and in the same order; change this file first. Rules: Linux 6.12 bond_main.c, transmit and receive.
"""

from typing import Final

from pybondd.balance.balanced import bucket_by_destination, is_balanced_by_hash
from pybondd.balance.hashing import transmit_hash
from pybondd.balance.load import Load
from pybondd.balance.readdressing import as_delivered, as_sent, why_not_unicast
from pybondd.counters import Counters, PortTally, Reason
from pybondd.forwarding import (
    BUCKET_COUNT,
    NOBODY,
    Balances,
    ForwardingTable,
    PortEntry,
    Receive,
    Spread,
)
from pybondd.wire import protocols
from pybondd.wire.ethernet import HEADER_OCTETS, take_tag
from pybondd.wire.ethertypes import ARP, IPV4, IPV6
from pybondd.wire.neighbour import ADVERTISEMENT, SOLICITATION

_WORD: Final = 0xFFFF_FFFF
_IPV4_HEADER_OCTETS: Final = 20
_IPV4_PROTOCOL_OFFSET: Final = HEADER_OCTETS + 9
_IPV6_HEADER_OCTETS: Final = 40
_IPV6_NEXT_HEADER_OFFSET: Final = HEADER_OCTETS + 6
_ICMPV6_OFFSET: Final = HEADER_OCTETS + _IPV6_HEADER_OCTETS
_ICMPV6_HEADER_OCTETS: Final = 8
_ANOTHER_SEED: Final = 0x9E37_79B9
"""Stands for seed 0, which a xorshift never leaves. Any other number would do."""

TO_BOND: Final = (NOBODY,)
"""What `select` chooses for a frame that the bond is to send itself."""


class Forwarder:
    """Chooses ports by the table published last. Before the first one every frame is dropped.

    The round-robin counter (`round`, 32 bits), the random numbers and the load by bucket go on from
    one table to the next.
    """

    def __init__(self, seed: int) -> None:
        self._table = ForwardingTable()
        self._entries: dict[int, PortEntry] = {}
        self.round = 0
        self._random = Random(seed)
        self._host_frames = 0
        self._host_octets = 0
        self._copies_frames = 0
        self._punted_frames = 0
        self._host_drops = [0] * len(Reason)
        self._load = Load()
        self._ports: dict[int, PortTally] = {}

    def publish(self, table: ForwardingTable) -> None:
        """Forward by this table from the next frame on."""
        self._table = table
        self._entries = {entry.ifindex: entry for entry in table.ports}
        for ifindex in self._entries:
            self._ports.setdefault(ifindex, PortTally(ifindex))

    def from_host(self, frame: bytes, queue: int = 0) -> tuple[int, ...]:
        """The ports, in sending order, for a frame that the host sends; empty if it is dropped.

        `frame` starts at the Ethernet header, VLAN tags inside. `queue` is its queue mapping, 0 for
        none. The frame counts as sent by these ports, each of which sends `as_sent` says what, or
        as dropped with a reason. TO_BOND: as left to the bond.
        """
        self._host_frames += 1
        self._host_octets += len(frame)
        if len(frame) < HEADER_OCTETS:
            self._host_drops[Reason.TOO_SHORT] += 1
            return ()
        chosen = self.select(frame, queue)
        if not chosen:
            self._host_drops[Reason.NO_PORT] += 1
            return ()
        if chosen == TO_BOND:
            self._punted_frames += 1
            return chosen
        self._copies_frames += len(chosen) - 1
        for ifindex in chosen:
            self._ports[ifindex].sent(len(frame))
        return chosen

    def from_port(self, ifindex: int, frame: bytes) -> Reason | None:
        """Why a frame that came in on a port does not reach the host, or None if it does."""
        port = self._ports.setdefault(ifindex, PortTally(ifindex))
        port.received(len(frame))
        reason = self.classify(ifindex, frame)
        if reason is None:
            port.delivered(len(frame))
        else:
            port.receive_drops[reason] += 1
        return reason

    def counters(self) -> Counters:
        """What became of each frame until now."""
        return Counters(
            self._host_frames,
            self._host_octets,
            self._copies_frames,
            tuple(self._host_drops),
            tuple(port.counters() for port in self._ports.values()),
            punted_frames=self._punted_frames,
        )

    def take_load(self) -> tuple[tuple[int, ...], int]:
        """Octets sent since this was asked last: by bucket, and by the active port without one.

        A VLAN tag does not count, nor does what was left to the bond.
        """
        return self._load.take()

    # -- what the compiled twin does without the GIL; no frame is counted below

    def select(self, frame: bytes, queue: int) -> tuple[int, ...]:
        """The ports for a frame that has a whole Ethernet header.

        Moves the round-robin counter and counts load.
        """
        table = self._table
        if table.obeys_queue_id and queue:
            forced = self._port_of_queue(queue)
            if forced is not None:
                return (forced,)
        if table.spread is Spread.EVERY or (table.copies_neighbours and is_neighbour(frame)):
            return tuple(port for port in table.tx_ports if self._entries[port].is_live)
        untagged, tag = take_tag(frame)
        if table.balances is not Balances.EVERYTHING:
            return self._balanced(untagged, tag[1] if tag else 0)
        if not table.tx_ports:
            return ()
        if table.spread is Spread.ONE:
            return table.tx_ports
        if table.spread is Spread.ROUND_ROBIN:
            return self._in_turn(untagged)
        if table.spread is Spread.HASH:
            word = transmit_hash(table.hash_policy, untagged, tag[1] if tag else 0)
            return (table.tx_ports[word % len(table.tx_ports)],)
        return ()

    def classify(self, ifindex: int, frame: bytes) -> Reason | None:
        """Whether a frame from a port is for the host. Linux 6.12 bond_handle_frame."""
        if len(frame) < HEADER_OCTETS:
            return Reason.TOO_SHORT
        entry = self._entries.get(ifindex)
        if entry is None:
            return Reason.UNKNOWN_PORT
        if entry.receive is Receive.SUPPRESS:
            return Reason.SUPPRESSED
        if entry.receive is Receive.UNICAST:
            return why_not_unicast(self._table, entry, frame)
        return None

    def as_sent(self, ifindex: int, frame: bytes) -> bytes:
        """The frame as it leaves by this port of the table."""
        return as_sent(self._table, self._entries[ifindex], frame)

    def as_delivered(self, ifindex: int, frame: bytes) -> bytes:
        """The frame as the host gets it, if `classify` lets it."""
        return as_delivered(self._table, self._entries[ifindex], frame)

    def _balanced(self, untagged: bytes, tci: int) -> tuple[int, ...]:
        """Linux 6.12 bond_tlb_xmit and bond_alb_xmit, as far as the table decides."""
        table = self._table
        if table.spread is Spread.NONE:
            return ()
        if table.balances is Balances.IP and is_arp(untagged):
            return TO_BOND
        word = self._choosing_word(untagged, tci)
        if word is None:
            return self._unbalanced(untagged)
        if table.spread is Spread.HASH:
            return (table.tx_ports[word % len(table.tx_ports)],)
        owner = table.buckets[word % BUCKET_COUNT]
        if owner == NOBODY:
            return TO_BOND
        self._load.bucket_octets[word % BUCKET_COUNT] += len(untagged)
        return (owner,)

    def _choosing_word(self, untagged: bytes, tci: int) -> int | None:
        """The number that says by which port a frame leaves; None if it must be the active one."""
        table = self._table
        if table.balances is Balances.IP:
            bucket = bucket_by_destination(untagged)
            if bucket is None or table.spread is not Spread.HASH:
                return bucket
        elif not is_balanced_by_hash(untagged):
            return None
        return transmit_hash(table.hash_policy, untagged, tci)

    def _unbalanced(self, untagged: bytes) -> tuple[int, ...]:
        active_port = self._table.active_port
        if active_port is None or not self._entries[active_port].can_transmit:
            return ()
        self._load.unbalanced_octets += len(untagged)
        return (active_port,)

    def _port_of_queue(self, queue: int) -> int | None:
        """The first port of this queue, if it is live. Linux 6.12 bond_slave_override."""
        for entry in self._table.ports:
            if entry.queue_id == queue:
                return entry.ifindex if entry.is_live else None
        return None

    def _in_turn(self, untagged: bytes) -> tuple[int, ...]:
        """Linux 6.12 bond_xmit_roundrobin: IGMP stays on one port, the others take turns."""
        if not is_igmp(untagged):
            return self._walk(self._next_turn())
        active_port = self._table.active_port
        return self._walk(0) if active_port is None else (active_port,)

    def _next_turn(self) -> int:
        """Linux 6.12 bond_rr_gen_slave_id: the counter steps before it is used."""
        packets = self._table.packets_per_port
        if packets == 0:
            return self._random.next_word()
        self.round = self.round + 1 & _WORD
        return self.round // packets

    def _walk(self, turn: int) -> tuple[int, ...]:
        """From the turn's port to the end, then from the first: the first that can transmit."""
        tx_ports = self._table.tx_ports
        first = turn % len(tx_ports)
        for port in tx_ports[first:] + tx_ports[:first]:
            if self._entries[port].can_transmit:
                return (port,)
        return ()


class Random:
    """The xorshift of 32 bits (Marsaglia 2003, shifts 13, 17, 5): small, and equal in twins."""

    def __init__(self, seed: int) -> None:
        self._word = seed & _WORD or _ANOTHER_SEED

    def next_word(self) -> int:
        """The next of 2**32 - 1 numbers, none of them 0."""
        word = self._word
        word ^= word << 13 & _WORD
        word ^= word >> 17
        word ^= word << 5 & _WORD
        self._word = word
        return word


def is_arp(untagged: bytes) -> bool:
    """Whether this is ARP, sound or not."""
    return int.from_bytes(untagged[12:14], "big") == ARP


def is_igmp(untagged: bytes) -> bool:
    """Whether this is IGMP over IPv4; the header must be there, its length is not looked at."""
    return (
        len(untagged) >= HEADER_OCTETS + _IPV4_HEADER_OCTETS
        and int.from_bytes(untagged[12:14], "big") == IPV4
        and untagged[_IPV4_PROTOCOL_OFFSET] == protocols.IGMP
    )


def is_neighbour(frame: bytes) -> bool:
    """Whether this is ARP, or an IPv6 neighbour solicitation or advertisement.

    Below one tag at most. No extension header may stand before ICMPv6, all of whose header must be
    there; neither version nor checksum is looked at. Linux 6.12 bond_should_broadcast_neighbor.
    """
    untagged, _ = take_tag(frame)
    ethertype = int.from_bytes(untagged[12:14], "big")
    if ethertype == ARP:
        return True
    return (
        ethertype == IPV6
        and len(untagged) >= _ICMPV6_OFFSET + _ICMPV6_HEADER_OCTETS
        and untagged[_IPV6_NEXT_HEADER_OFFSET] == protocols.ICMPV6
        and untagged[_ICMPV6_OFFSET] in (SOLICITATION, ADVERTISEMENT)
    )
