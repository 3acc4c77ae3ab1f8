"""What does the bond know of one enslaved interface?"""

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from pybondd.units import NEVER, Instant

MAX_TARGETS = 16
"""Of each kind, ARP and NS. Linux 6.12 bonding.h BOND_MAX_ARP_TARGETS, BOND_MAX_NS_TARGETS."""

MAX_FAILURE_COUNT = 2**32 - 1
"""Linux 6.12 bonding.h, link_failure_count is a u32."""


class Link(IntEnum):
    """The monitor's opinion of a port; numbers as in Linux 6.12 bonding.h, BOND_LINK_*."""

    UP = 0
    FAIL = 1
    DOWN = 2
    BACK = 3

    @property
    def text(self) -> str:
        """The words of /proc/net/bonding."""
        return ("up", "going down", "down", "going back")[self]


class Duplex(Enum):
    """Duplex as ethtool reports it."""

    HALF = "half"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What the kernel says of an interface at this moment.

    `speed_mbps` and `duplex` are None where the driver does not know them. `reports_link` is False
    where neither ethtool nor MII registers answer: with use_carrier=0 such a port counts as up.
    """

    is_up: bool = True
    has_carrier: bool = True
    speed_mbps: int | None = None
    duplex: Duplex | None = None
    reports_link: bool = True

    @property
    def is_running(self) -> bool:
        """Administratively up, and something is at the other end."""
        return self.is_up and self.has_carrier


@dataclass(slots=True, eq=False)
class Port:
    """One interface of the bond; in Linux's words a slave.

    `permanent_mac` and `original_mtu` are what the interface had before it joined, and gets back.
    `delay` counts monitor passes left in FAIL or BACK. `speed_mbps` and `duplex` are the last
    values read at the moments when Linux reads them, which may be older than `facts`. `stands_in`:
    it hears every destination for now, because of a dead port's address (balance-alb).

    For the ARP monitor: when did a probe of ours last leave, when came the last frame that counts,
    and the last by the target in each place of the list. Both lists of targets share the places.
    """

    ifindex: int
    name: str
    permanent_mac: bytes
    mac: bytes
    original_mtu: int
    facts: LinkFacts
    link: Link = Link.DOWN
    delay: int = 0
    last_link_up_ns: Instant = 0
    link_failure_count: int = 0
    is_backup: bool = False
    is_inactive: bool = False
    queue_id: int = 0
    prio: int = 0
    speed_mbps: int | None = None
    duplex: Duplex | None = None
    is_promiscuous: bool = False
    stands_in: bool = False
    last_tx_ns: Instant = NEVER
    last_rx_ns: Instant = NEVER
    target_rx_ns: list[Instant] = field(default_factory=lambda: [NEVER] * MAX_TARGETS)

    @property
    def is_link_up(self) -> bool:
        """Whether the monitor trusts the link."""
        return self.link is Link.UP

    @property
    def is_running(self) -> bool:
        """Whether the interface is up and has a carrier now, whatever the monitor thinks."""
        return self.facts.is_running

    @property
    def is_full_duplex(self) -> bool:
        """Whether the interface was full duplex when its speed was last read."""
        return self.duplex is Duplex.FULL

    @property
    def can_transmit(self) -> bool:
        """Linux 6.12 bonding.h bond_slave_can_tx: running, link UP and not a backup."""
        return self.is_live and not self.is_backup

    @property
    def is_live(self) -> bool:
        """Running and link UP, whatever its role."""
        return self.facts.is_running and self.link is Link.UP

    def count_failure(self) -> None:
        """The monitor gave it up once more; Linux counts in 32 bits and stops there."""
        self.link_failure_count = min(self.link_failure_count + 1, MAX_FAILURE_COUNT)

    def read_speed(self) -> None:
        """Take speed and duplex over from the interface, as Linux does at certain events only."""
        self.speed_mbps = self.facts.speed_mbps
        self.duplex = self.facts.duplex
