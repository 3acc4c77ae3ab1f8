"""What a bond may ask of the world. Values in the imperative, carried out in list order."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from pybondd.forwarding import ForwardingTable
from pybondd.port import Duplex


class Severity(Enum):
    """How loud a report is, in the words of Python's logging."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Hears(Enum):
    """What does the bond itself want to hear of a port, each frame a PortFrame?"""

    NOTHING = "nothing"
    LACP = "LACP"
    """The slow protocols, of which LACPDUs and Markers are not for the host then."""
    ARP = "ARP"
    """The host hears it as well, as far as the forwarding table allows."""
    PROBES = "ARP and neighbour discovery"
    """What the ARP monitor may count. The host hears it as well."""


@dataclass(frozen=True, slots=True)
class AttachPort:
    """Open the packet socket, make the host deaf to the port, hand it to the data plane.

    If the bond itself `hears` something, the port also gets a socket for that.
    """

    ifindex: int
    hears: Hears = Hears.NOTHING


@dataclass(frozen=True, slots=True)
class HearPort:
    """From now on the bond itself hears this of an attached port, and no more what it heard."""

    ifindex: int
    hears: Hears


@dataclass(frozen=True, slots=True)
class DetachPort:
    """Undo AttachPort. No frame is read from or sent to this port afterwards."""

    ifindex: int


@dataclass(frozen=True, slots=True)
class SetPortUp:
    """Set the port administratively up or down."""

    ifindex: int
    is_up: bool


@dataclass(frozen=True, slots=True)
class SetPortMac:
    """Give the port this MAC address (6 octets)."""

    ifindex: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class SetPortMtu:
    """Give the port this MTU (octets)."""

    ifindex: int
    mtu: int


@dataclass(frozen=True, slots=True)
class SetPortPromiscuous:
    """Let the port hear every destination, or only its own, broadcast and all multicast."""

    ifindex: int
    is_promiscuous: bool


@dataclass(frozen=True, slots=True)
class SetBondMac:
    """Give the bond interface this MAC address (6 octets)."""

    mac: bytes


@dataclass(frozen=True, slots=True)
class SetBondMtu:
    """Give the bond interface this MTU (octets)."""

    mtu: int


@dataclass(frozen=True, slots=True)
class SetCarrier:
    """Show a carrier on the bond interface, or none."""

    is_up: bool


@dataclass(frozen=True, slots=True)
class SetBondSpeed:
    """Show this speed and duplex on the bond interface; None is unknown."""

    speed_mbps: int | None
    duplex: Duplex | None


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send a frame out of one port, one of our own or a HostFrame with its `offload`.

    It starts at the Ethernet header, no FCS.
    """

    ifindex: int
    frame: bytes
    offload: bytes = b""


@dataclass(frozen=True, slots=True)
class PublishTable:
    """Let the data plane forward by this table from now on."""

    table: ForwardingTable


@dataclass(frozen=True, slots=True)
class Report:
    """Tell people. `port` is a port's name or "" when it concerns the whole bond."""

    severity: Severity
    port: str
    text: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """What was asked is not done and nothing has changed.

    `errno` is what Linux's driver answers. `what`, `why` and `remedy` are one line each.
    """

    errno: int
    what: str
    why: str
    remedy: str


Effect: TypeAlias = (
    AttachPort
    | HearPort
    | DetachPort
    | SetPortUp
    | SetPortMac
    | SetPortMtu
    | SetPortPromiscuous
    | SetBondMac
    | SetBondMtu
    | SetCarrier
    | SetBondSpeed
    | SendFrame
    | PublishTable
    | Report
    | Refuse
)
