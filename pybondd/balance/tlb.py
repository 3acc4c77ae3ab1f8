"""Which port carries which share of what the host sends? The transmit table of modes 5 and 6.

256 buckets; a frame's hash says in which one it is. A bucket has a port from its first frame to the
next rebalancing, so frames of a flow keep their order. Every ten seconds all buckets are given back
with the load that was measured, and each takes, with its next frame, the port that has most room.
Source: Linux 6.12 bond_alb.c, section tlb; bonding.rst: balance-tlb, tlb_dynamic_lb.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pybondd.balance.capacity import gap
from pybondd.forwarding import BUCKET_COUNT, NOBODY
from pybondd.port import Port

REBALANCE_INTERVAL_S: Final = 10
"""Linux 6.12 bond_alb.h BOND_TLB_REBALANCE_INTERVAL; also what octets are divided by, even when
the interval was cut short."""


@dataclass(slots=True)
class Bucket:
    """One share of the traffic.

    `octets` were sent since the load was last taken, `load_octets_per_s` is what was measured then.
    """

    port: Port | None = None
    octets: int = 0
    load_octets_per_s: int = 0

    def take_load(self, *, wraps: bool) -> None:
        """Measure. Linux adds one, so a bucket that was ever used never counts as nothing."""
        self.load_octets_per_s = 1 + _per_second(self.octets, wraps=wraps)
        self.octets = 0


def _per_second(octets: int, *, wraps: bool) -> int:
    """What was sent in an interval, as Linux divides it; `wraps`: it counts with 32 bits."""
    return (octets & COUNTER_MAX if wraps else octets) // REBALANCE_INTERVAL_S


COUNTER_MAX: Final = 2**32 - 1
"""Linux 6.12 bond_alb.h tlb_client_info.tx_bytes, alb_bond_info.unbalanced_load: 32 bits, so
more than 3.4 Gbit/s in one bucket count as little."""


@dataclass(slots=True)
class TransmitTable:
    """The buckets, and what they have assigned to each port.

    `unbalanced_octets` went by the active port without a bucket. `wraps`: as Linux computes, with
    32 bits.
    `loads` are octets per second by interface index.
    """

    wraps: bool = False
    buckets: list[Bucket] = field(default_factory=lambda: [Bucket() for _ in range(BUCKET_COUNT)])
    loads: dict[int, int] = field(default_factory=dict)
    unbalanced_octets: int = 0

    def choose(self, number: int, ports: Iterable[Port], size_octets: int) -> Port | None:
        """The port for a frame of this bucket, or None if no port can transmit.

        An owner stays the owner even when it cannot transmit any more: whoever finds that out
        gives the port's buckets back.
        """
        bucket = self.buckets[number]
        if bucket.port is None:
            bucket.port = self.roomiest(ports)
            if bucket.port is None:
                return None
            self._add_load(bucket.port, bucket.load_octets_per_s)
        bucket.octets += size_octets
        return bucket.port

    def count(self, number: int, size_octets: int) -> None:
        """Somebody else sent so much from a bucket, by its owner."""
        self.buckets[number].octets += size_octets

    def give_back(self, port: Port, *, takes_load: bool) -> None:
        """Let the port's buckets choose anew, with what they carried until now or without."""
        for bucket in self.buckets:
            if bucket.port is port:
                if takes_load:
                    bucket.take_load(wraps=self.wraps)
                bucket.port = None
        self.loads.pop(port.ifindex, None)

    def rebalance(self, ports: Iterable[Port], active: Port | None) -> None:
        """Let all buckets choose anew; the active port begins with what it carries anyway."""
        for port in ports:
            self.give_back(port, takes_load=True)
        if active:
            carried = _per_second(self.unbalanced_octets, wraps=self.wraps)
            self.loads[active.ifindex] = carried
            self.unbalanced_octets = 0

    def forget(self) -> None:
        """Begin with an empty table, as Linux does when the bond is set up."""
        self.buckets = [Bucket() for _ in range(BUCKET_COUNT)]
        self.loads.clear()

    def owners(self, ports: Iterable[Port]) -> tuple[int, ...]:
        """By bucket the interface index of its owner, NOBODY if it has none that can transmit.

        A frame for an owner that cannot transmit is one for us: it is lost, and the owner with it.
        """
        index = {id(port): port.ifindex for port in ports if port.can_transmit}
        return tuple([index.get(id(bucket.port), NOBODY) for bucket in self.buckets])

    def load_of(self, port: Port) -> int:
        """Octets per second that the port's buckets carried when they were last measured."""
        return self.loads.get(port.ifindex, 0)

    def roomiest(self, ports: Iterable[Port]) -> Port | None:
        """What a bucket without a port would choose; None if no port can transmit."""
        usable = (port for port in ports if port.can_transmit)
        # max() keeps the first of equals, as Linux does.
        return max(usable, key=self.room_of, default=None)

    def room_of(self, port: Port) -> int:
        """Bits per second that the port could carry beyond its load; may be negative."""
        return gap(port, self.load_of(port), wraps=self.wraps)

    def _add_load(self, port: Port, load_octets_per_s: int) -> None:
        self.loads[port.ifindex] = self.load_of(port) + load_octets_per_s
