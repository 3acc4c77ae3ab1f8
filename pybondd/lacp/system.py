"""What is true of the whole system, all ports of one bond? Linux 6.12 bond_3ad.h ad_bond_info.

Nothing is decided here: this is what the machines share.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from pybondd.lacp.boxes import Box
from pybondd.lacp.counters import LacpCounters
from pybondd.wire.ethernet import NO_ADDRESS

if TYPE_CHECKING:
    from pybondd.lacp.aggregator import Aggregator
    from pybondd.lacp.port import AggregationPort

PASS_MS: Final = 100
"""Linux 6.12 bond_3ad.h AD_TIMER_INTERVAL: all machines of all ports run this often."""
PASSES_PER_SECOND: Final = 1000 // PASS_MS
FIRST_PORT_HOLD_PASSES: Final = 8 * PASSES_PER_SECOND
"""bond_3ad.h AD_AGGREGATOR_SELECTION_TIMER: 8 s for ports to appear after the first has joined."""
OPEN_HOLD_PASSES: Final = 1
"""bond_main.c bond_open: the choice is made in the first pass."""


class SelectPolicy(IntEnum):
    """ad_select: which aggregator does the bond use? (bonding.rst: ad_select)"""

    STABLE = 0
    BANDWIDTH = 1
    COUNT = 2
    ACTOR_PORT_PRIO = 3


class Follows(IntEnum):
    """lacp_follows: whose behaviour where drivers differ, or where Linux's hurts.

    MENDED heals what is listed in docs/linux-and-ieee.md; LINUX is 6.12, LINUX_6_1 that series.
    """

    MENDED = 0
    LINUX = 1
    LINUX_6_1 = 2


@dataclass(slots=True)
class Settings:
    """What users decide; names and values are the options'. `user_key` has 10 bits."""

    is_active: bool = True
    is_fast: bool = False
    select_policy: SelectPolicy = SelectPolicy.STABLE
    is_coupled: bool = True
    user_key: int = 0
    receives_on_all: bool = False
    follows: Follows = Follows.MENDED

    @property
    def is_mended(self) -> bool:
        """Whether what Linux leaves broken is healed."""
        return self.follows is Follows.MENDED


@dataclass(frozen=True, slots=True)
class Transmission:
    """A frame that must leave by this port now."""

    port: "AggregationPort"
    frame: bytes


@dataclass(frozen=True, slots=True)
class Move:
    """A machine of a port went from one box to another; `old` None is its first box."""

    port: "AggregationPort"
    machine: str
    old: Box | None
    new: Box


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that people should know of."""

    port: "AggregationPort"
    text: str


@dataclass(slots=True)
class System:
    """One LACP system. `ports` are in the order in which they joined.

    `selection_hold` counts passes during which no port may go beyond ATTACHED. `best` is what the
    last choice of this pass found, if it is in use: the aggregator and its rank. `outbox` holds
    what the last call asked of the world, in order.
    """

    settings: Settings = field(default_factory=Settings)
    priority: int = 0xFFFF
    address: bytes = NO_ADDRESS
    ports: "list[AggregationPort]" = field(default_factory=list)
    selection_hold: int = 0
    last_aggregator_id: int = 0
    best: "tuple[Aggregator, tuple[int, ...]] | None" = None
    outbox: list[Transmission | Move | Complaint] = field(default_factory=list)
    departed: LacpCounters = field(default_factory=LacpCounters)

    @property
    def aggregators(self) -> "list[Aggregator]":
        """All of them, used or not, in port order."""
        return [port.own for port in self.ports]

    @property
    def active_aggregator(self) -> "Aggregator | None":
        """The one that carries the bond's traffic."""
        return next((each for each in self.aggregators if each.is_active), None)

    @property
    def counters(self) -> LacpCounters:
        """Of all ports there are and were, which Linux counts beside (BOND_AD_INFO(bond).stats)."""
        total = LacpCounters()
        for each in (self.departed, *(port.counters for port in self.ports)):
            total.add(each)
        return total

    def send(self, port: "AggregationPort", frame: bytes) -> None:
        """Let a frame leave by this port."""
        self.outbox.append(Transmission(port, frame))

    def note_move(self, port: "AggregationPort", machine: str, old: Box | None, new: Box) -> None:
        """A machine changed its box."""
        self.outbox.append(Move(port, machine, old, new))

    def tell_error(self, port: "AggregationPort", text: str) -> None:
        """Something is wrong around this port."""
        self.outbox.append(Complaint(port, text))
