"""What does an answer look like? One line what, one line why, one line what to do."""

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """First condition that is not met on the way to carrying traffic. Values are for scripts."""

    BOND_DOWN = "bond-down"
    PORT_DOWN = "port-down"
    NO_CARRIER = "no-carrier"
    SPEED_UNKNOWN = "speed-unknown"
    NO_MONITOR = "no-monitor"
    UPDELAY = "updelay"
    NOT_SEEN_YET = "not-seen-yet"

    PRIMARY_IS_ACTIVE = "primary-is-active"
    HIGHER_PRIO_IS_ACTIVE = "higher-prio-is-active"
    PRIMARY_WAITS = "primary-waits"
    BACKUP = "backup"

    NOT_BEGUN = "not-begun"
    LOOPED = "looped"
    HALF_DUPLEX = "half-duplex"
    FIRST_LACPDU_AWAITED = "first-lacpdu-awaited"
    NEVER_HEARD = "never-heard"
    FELL_SILENT = "fell-silent"
    NOT_KNOWN_TO_PARTNER = "not-known-to-partner"
    OTHER_KEY = "other-key"
    OTHER_SYSTEM = "other-system"
    OTHER_PARTNER_KEY = "other-partner-key"
    NOT_CHOSEN = "not-chosen"
    PORTS_AWAITED = "ports-awaited"
    AGGREGATE_WAIT = "aggregate-wait"
    OTHERS_WAIT = "others-wait"
    PARTNER_OUT_OF_SYNC = "partner-out-of-sync"
    PARTNER_NOT_COLLECTING = "partner-not-collecting"
    NEXT_PASS = "next-pass"
    MIN_LINKS = "min-links"
    STRICT = "strict"

    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that does not hold: what is the case, why that hinders, what would help."""

    reason: Reason
    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Does the port carry traffic? `reason` is None if it does.

    `met` are the conditions that hold, in the order in which they were looked at. `remedy` is empty
    where nothing is to be done. `notes` are what else there is to know of the port.
    """

    carries: bool
    reason: Reason | None
    what: str
    why: str
    remedy: str
    met: tuple[str, ...]
    notes: tuple[str, ...] = ()
