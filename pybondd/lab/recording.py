"""What did a lab see? Values only: probes, sightings on the cables, the bond's own words.

All instants are nanoseconds of the system's monotonic clock, so that several processes agree.
"""

from dataclasses import dataclass
from enum import Enum

from pybondd.units import Duration, Instant


class Direction(Enum):
    """Which way a probe was going when a cable was watched."""

    THERE = "there"
    BACK = "back"


class Action(Enum):
    """What was done to a cable."""

    CUT = "cut"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Probe:
    """One numbered datagram: when it left, and when each answer came (none: it was lost)."""

    sequence: int
    flow: int
    sent_ns: Instant
    answered_ns: tuple[Instant, ...]

    @property
    def is_lost(self) -> bool:
        """No answer ever came."""
        return not self.answered_ns


@dataclass(frozen=True, slots=True)
class Sighting:
    """A probe, or an answer to one, seen where it came out of a cable."""

    moment_ns: Instant
    cable: str
    direction: Direction
    sequence: int


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame seen where it came out of a cable; `octets` is all of it."""

    moment_ns: Instant
    cable: str
    direction: Direction
    octets: bytes


@dataclass(frozen=True, slots=True)
class Incident:
    """Somebody did something to a cable."""

    moment_ns: Instant
    action: Action
    cable: str


@dataclass(frozen=True, slots=True)
class BondWord:
    """A line of the daemon's event log. `port` is "" when it concerns the whole bond."""

    moment_ns: Instant
    port: str
    text: str


@dataclass(frozen=True, slots=True)
class Sight:
    """Who believed what, at one moment. MAC addresses have 6 octets, loads are octets per second.

    `neighbours` says by the address of a far host which MAC address it has for ours, if any.
    `clients` says by the same which port balance-alb gave that host. `loads` are what each port
    was last measured to carry, in the modes that measure.
    """

    title: str
    moment_ns: Instant
    active_port: str
    port_macs: dict[str, bytes]
    neighbours: dict[str, bytes]
    clients: dict[str, str]
    loads: dict[str, int]


@dataclass(frozen=True, slots=True)
class Setup:
    """What was built: names for people, and the numbers needed to read the rest."""

    lab: str
    mode: str
    miimon_ms: int
    ports: tuple[str, ...]
    flows: int
    interval_ns: Duration


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything one run of a lab has seen, in the order of time.

    `arrivals` are the sequence numbers in the order in which the far host's socket gave them.
    `frames` are the probes, LACP, ARP and learning frames that came out of a cable; the first of
    them come before the first probe. `far_words` are there if the far end is a bond. `sights` are
    there in a lab that looks.
    """

    setup: Setup
    started_ns: Instant
    ended_ns: Instant
    probes: tuple[Probe, ...]
    arrivals: tuple[int, ...]
    sightings: tuple[Sighting, ...]
    incidents: tuple[Incident, ...]
    words: tuple[BondWord, ...]
    frames: tuple[SeenFrame, ...] = ()
    far_words: tuple[BondWord, ...] = ()
    sights: tuple[Sight, ...] = ()

    def moment_of(self, action: Action) -> Instant | None:
        """When this was first done to a cable."""
        return next((i.moment_ns for i in self.incidents if i.action is action), None)

    def words_after(self, moment_ns: Instant) -> tuple[BondWord, ...]:
        """What the bond said from this moment on."""
        return tuple(word for word in self.words if word.moment_ns >= moment_ns)
