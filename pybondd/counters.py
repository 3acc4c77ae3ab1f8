"""What became of each frame, and why was one not delivered?

Two balances hold at every moment between batches; `Counters.imbalance` is their remainder.

From the host: every frame read is one transmission, and a frame that leaves by n ports has n - 1
copies more. `host_frames + copies_frames` is what the ports sent, plus each port's transmit drops,
plus the drops of frames for which no port was found, plus `punted_frames`, which the bond got to
send itself, less `reclaimed_frames`, of which it did not come to send.

To the host: a port's `received_frames` are those read from it; they are what it delivered plus its
receive drops. The reasons NEVER_READ stand beside this sum, since such a frame was never read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import chain


class Reason(IntEnum):
    """Why a frame was not delivered. The compiled path counts under the same numbers."""

    NO_PORT = 0
    TOO_SHORT = 1
    TRUNCATED = 2
    PORT_BUSY = 3
    PORT_DOWN = 4
    PORT_REFUSED = 5
    TOO_LONG = 6
    SUPPRESSED = 7
    HOST_REFUSED = 8
    UNKNOWN_PORT = 9
    KERNEL_DROPPED = 10
    UNREADABLE = 11
    PUNT_FULL = 12
    OTHER_PORT = 13

    @property
    def explanation(self) -> str:
        """One sentence for people."""
        return _EXPLANATIONS[self]


_EXPLANATIONS: Mapping[Reason, str] = {
    Reason.NO_PORT: "No port of the bond could send the frame.",
    Reason.TOO_SHORT: "The frame ended inside its Ethernet header.",
    Reason.TRUNCATED: "The frame was larger than the room there was to read it into.",
    Reason.PORT_BUSY: "The port's send queue was full.",
    Reason.PORT_DOWN: "The port was down or its interface was gone.",
    Reason.PORT_REFUSED: "The kernel would not send the frame on the port.",
    Reason.TOO_LONG: "The frame was longer than the port's MTU allows.",
    Reason.SUPPRESSED: "The frame came in on a port that is not in use (a backup).",
    Reason.HOST_REFUSED: "The bond interface did not take the frame: it is down or overloaded.",
    Reason.UNKNOWN_PORT: "The port was not in the bond's table when the frame passed.",
    Reason.KERNEL_DROPPED: "The kernel dropped the frame before the bond could read it.",
    Reason.UNREADABLE: "The frame was a super-frame of a kind that Linux hands to no program.",
    Reason.PUNT_FULL: "The bond was to send the frame itself, and had no room for one more.",
    Reason.OTHER_PORT: "The frame was for the bond's address, which is behind another port.",
}

NEVER_READ = frozenset({Reason.KERNEL_DROPPED, Reason.UNREADABLE})
"""Reasons for frames that no counter of read frames includes."""


@dataclass(frozen=True, slots=True)
class PortCounters:
    """One port's share. `ifindex` 0 is the sum of all ports that have left.

    Drops are indexed by Reason. A frame sent or delivered counts its octets from the Ethernet
    header on, so a super-frame of 64 KB counts as one frame.
    """

    ifindex: int
    sent_frames: int = 0
    sent_octets: int = 0
    received_frames: int = 0
    received_octets: int = 0
    delivered_frames: int = 0
    delivered_octets: int = 0
    transmit_drops: tuple[int, ...] = (0,) * len(Reason)
    receive_drops: tuple[int, ...] = (0,) * len(Reason)


@dataclass(frozen=True, slots=True)
class Counters:
    """What became of each frame since the data plane began.

    `host_drops` counts frames from the host for which no port was found, indexed by Reason;
    `punted_frames` those that the bond was to send itself, `reclaimed_frames` those of them for
    which a table with a port came first: they are counted as other frames are, too.
    `departed` keeps what ports that have left had counted, so that sums never go back.
    """

    host_frames: int = 0
    host_octets: int = 0
    copies_frames: int = 0
    host_drops: tuple[int, ...] = (0,) * len(Reason)
    ports: tuple[PortCounters, ...] = ()
    departed: PortCounters = PortCounters(0)
    punted_frames: int = 0
    reclaimed_frames: int = 0

    @property
    def imbalance(self) -> tuple[int, int]:
        """Frames unaccounted for, from the host and to the host: (0, 0) between batches."""
        every = (*self.ports, self.departed)
        sent = sum(port.sent_frames + sum(port.transmit_drops) for port in every)
        known = sum(self.host_drops) + self.punted_frames + sent
        from_host = self.host_frames + self.copies_frames + self.reclaimed_frames - known
        to_host = sum(
            port.received_frames - port.delivered_frames - _drops_of_read_frames(port)
            for port in every
        )
        return from_host, to_host

    def port(self, ifindex: int) -> PortCounters:
        """This port's counters, all zero if it was never there."""
        return next((port for port in self.ports if port.ifindex == ifindex), PortCounters(ifindex))

    def transmit_drops(self) -> dict[Reason, int]:
        """Frames from the host not sent, all ports together; only reasons that occurred."""
        return _by_reason([self.host_drops, *(port.transmit_drops for port in self._every())])

    def receive_drops(self) -> dict[Reason, int]:
        """Frames the host did not get, all ports together; only reasons that occurred."""
        return _by_reason([port.receive_drops for port in self._every()])

    def totals(self) -> dict[str, int]:
        """All ports together under flat names: `sent_frames`, `dropped_receive_suppressed`."""
        counted = [field.name for field in fields(PortCounters) if field.type is int][1:]
        sums = {name: sum(getattr(port, name) for port in self._every()) for name in counted}
        host = {
            "host_frames": self.host_frames,
            "host_octets": self.host_octets,
            "copies_frames": self.copies_frames,
            "punted_frames": self.punted_frames,
            "reclaimed_frames": self.reclaimed_frames,
        }
        transmit = {
            f"dropped_transmit_{r.name.lower()}": n for r, n in self.transmit_drops().items()
        }
        receive = {f"dropped_receive_{r.name.lower()}": n for r, n in self.receive_drops().items()}
        return host | sums | transmit | receive

    def _every(self) -> Iterable[PortCounters]:
        return chain(self.ports, [self.departed])


def _drops_of_read_frames(port: PortCounters) -> int:
    return sum(port.receive_drops[reason] for reason in Reason if reason not in NEVER_READ)


def _by_reason(drops: Iterable[tuple[int, ...]]) -> dict[Reason, int]:
    sums = [sum(column) for column in zip(*drops, strict=True)]
    return {reason: sums[reason] for reason in Reason if sums[reason]}


class PortTally:
    """The mutable side of PortCounters, for the readable data plane."""

    __slots__ = (
        "delivered_frames",
        "delivered_octets",
        "ifindex",
        "receive_drops",
        "received_frames",
        "received_octets",
        "sent_frames",
        "sent_octets",
        "transmit_drops",
    )

    def __init__(self, ifindex: int) -> None:
        self.ifindex = ifindex
        self.sent_frames = self.sent_octets = 0
        self.received_frames = self.received_octets = 0
        self.delivered_frames = self.delivered_octets = 0
        self.transmit_drops = [0] * len(Reason)
        self.receive_drops = [0] * len(Reason)

    def sent(self, size_octets: int) -> None:
        """One frame went out of the port."""
        self.sent_frames += 1
        self.sent_octets += size_octets

    def received(self, size_octets: int) -> None:
        """One frame was read from the port."""
        self.received_frames += 1
        self.received_octets += size_octets

    def delivered(self, size_octets: int) -> None:
        """One frame reached the host."""
        self.delivered_frames += 1
        self.delivered_octets += size_octets

    def absorb(self, other: "PortTally") -> None:
        """Add what another port counted, because it leaves."""
        self.sent_frames += other.sent_frames
        self.sent_octets += other.sent_octets
        self.received_frames += other.received_frames
        self.received_octets += other.received_octets
        self.delivered_frames += other.delivered_frames
        self.delivered_octets += other.delivered_octets
        for reason in Reason:
            self.transmit_drops[reason] += other.transmit_drops[reason]
            self.receive_drops[reason] += other.receive_drops[reason]

    def counters(self) -> PortCounters:
        """What was counted until now, as a value."""
        return PortCounters(
            self.ifindex,
            self.sent_frames,
            self.sent_octets,
            self.received_frames,
            self.received_octets,
            self.delivered_frames,
            self.delivered_octets,
            tuple(self.transmit_drops),
            tuple(self.receive_drops),
        )
