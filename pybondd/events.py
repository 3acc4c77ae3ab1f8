"""What can happen to a bond. Values in the past tense; ports are named by interface index."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from pybondd.effects import Effect
from pybondd.port import LinkFacts
from pybondd.units import Instant


@dataclass(frozen=True, slots=True)
class PortOffered:
    """Somebody wants this interface in the bond. The answer prepares the port, or is one Refuse.

    `mac` is 6 octets, `mtu` in octets, `facts` as read now (before it is brought up).
    """

    ifindex: int
    name: str
    mac: bytes
    mtu: int
    facts: LinkFacts


@dataclass(frozen=True, slots=True)
class PortReady:
    """What a PortOffered asked for is done; `facts` were read after the port was brought up.

    The world owes the bond this event, or an EffectFailed, after every PortOffered not refused.
    """

    ifindex: int
    facts: LinkFacts


@dataclass(frozen=True, slots=True)
class PortReleased:
    """Somebody wants this port out of the bond."""

    ifindex: int


@dataclass(frozen=True, slots=True)
class PortVanished:
    """The interface does not exist any more; nothing of it can be restored."""

    ifindex: int


@dataclass(frozen=True, slots=True)
class PortRenamed:
    """The interface has a new name."""

    ifindex: int
    name: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Administrative state, carrier, speed or duplex of a port changed (or was read again)."""

    ifindex: int
    facts: LinkFacts


@dataclass(frozen=True, slots=True)
class PortFrame:
    """A frame came in on a port that is for the bond itself, not for the host.

    `frame` starts at the Ethernet header; a VLAN tag has been taken out, there is no FCS.
    """

    ifindex: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class HostFrame:
    """A frame of the host. It starts at the Ethernet header, VLAN tags inside; there is no FCS.

    `offload` is what it takes to finish the frame (checksum, segments): handed through, not read.
    """

    frame: bytes
    offload: bytes = b""


@dataclass(frozen=True, slots=True)
class HostFrames:
    """The host sent frames that the data plane leaves to the bond to send on, in this order."""

    frames: tuple[HostFrame, ...]


@dataclass(frozen=True, slots=True)
class LoadMeasured:
    """What the data plane sent by itself since it last told, in modes that balance by load.

    `octets` by bucket; `unbalanced_octets` went by the active port without a bucket.
    """

    octets: tuple[int, ...]
    unbalanced_octets: int


@dataclass(frozen=True, slots=True)
class PortFramesLost:
    """So many frames that were for the bond itself came in on a port and were never read."""

    ifindex: int
    count: int


@dataclass(frozen=True, slots=True)
class PortMacChanged:
    """Somebody else gave a port another MAC address. Linux does not correct it, and we note it."""

    ifindex: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class BondOpened:
    """The bond interface was set up."""


@dataclass(frozen=True, slots=True)
class BondClosed:
    """The bond interface was set down."""


@dataclass(frozen=True, slots=True)
class BondMacChanged:
    """The bond interface has another MAC address, given by a user: the ports follow."""

    mac: bytes


@dataclass(frozen=True, slots=True)
class BondMtuChanged:
    """The bond interface has another MTU (octets), given by a user: the ports follow."""

    mtu: int


@dataclass(frozen=True, slots=True)
class BondReceiveModeChanged:
    """What the bond interface wants to hear changed.

    `is_promiscuous`: every destination (a bridge or macvlan stands on it, or a sniffer asked).
    """

    is_promiscuous: bool


@dataclass(frozen=True, slots=True)
class HostAddress:
    """One interface at or above the bond, as peers see it.

    `tags` are the VLAN tags between this interface and the wire, outermost first, each a pair
    (EtherType, TCI). `ipv4` holds 4-octet addresses, `ipv6` 16-octet ones that are not tentative.
    `igmp_groups` are the IPv4 groups joined on it (4 octets each, without 224.0.0.1) and
    `mld_groups` the IPv6 ones that Linux reports (16 octets each). `depth` counts the steps from
    the bond up to this interface; the bond's is 0. With a tag more than the interface below it
    and neither `is_bridge` nor `is_macvlan` it is a VLAN interface.
    """

    name: str
    mac: bytes
    tags: tuple[tuple[int, int], ...] = ()
    ipv4: tuple[bytes, ...] = ()
    ipv6: tuple[bytes, ...] = ()
    is_router: bool = False
    igmp_groups: tuple[bytes, ...] = ()
    mld_groups: tuple[bytes, ...] = ()
    igmp_version: int = 3
    depth: int = 0
    is_bridge: bool = False
    is_macvlan: bool = False

    def with_mac(self, mac: bytes) -> "HostAddress":
        """The same interface with another MAC address."""
        return replace(self, mac=mac)


@dataclass(frozen=True, slots=True)
class HostAddressed:
    """Addresses or groups of the bond, or of interfaces above it, were read.

    The bond itself stands first; each interface is followed by those that stand on it.
    """

    interfaces: tuple[HostAddress, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """When a port received its last frame, and its last one of ARP or IPv6 (None: none so far)."""

    ifindex: int
    last_ns: Instant
    last_arp_or_ipv6_ns: Instant | None = None


@dataclass(frozen=True, slots=True)
class PortsHeard:
    """What the data plane knows of these ports, fed before each "arp" deadline and each request.

    Ports that received nothing since it was last told may be left out.
    """

    ports: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class TargetRoute:
    """How the host would reach a target of the ARP or NS monitor (4 or 16 octets).

    For ARP only a route without a gateway counts. `is_via_bond`: it leaves by the bond, or by an
    interface above it whose VLAN tags are `tags`, outermost first, each (EtherType, TCI). `source`
    is the address of that interface to ask from: for ARP the first one whose subnet holds the
    target. None: it has none.
    """

    target: bytes
    is_via_bond: bool = True
    source: bytes | None = None
    tags: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TargetsRouted:
    """The targets were looked up in the host's routing table; one left out has no route.

    Linux looks before each probe; so fed whenever targets, addresses or routes have changed.
    """

    routes: tuple[TargetRoute, ...]


@dataclass(frozen=True, slots=True)
class OptionWritten:
    """Somebody writes `text` to an option, as into Linux's sysfs file. May be refused."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PortOptionWritten:
    """Somebody writes a per-port option (prio, queue_id). May be refused."""

    ifindex: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class EffectFailed:
    """An effect could not be carried out; `errno` says why."""

    effect: Effect
    errno: int


Event: TypeAlias = (
    PortOffered
    | PortReady
    | PortReleased
    | PortVanished
    | PortRenamed
    | LinkChanged
    | PortFrame
    | HostFrames
    | LoadMeasured
    | PortFramesLost
    | PortMacChanged
    | BondOpened
    | BondClosed
    | BondMacChanged
    | BondMtuChanged
    | BondReceiveModeChanged
    | HostAddressed
    | PortsHeard
    | TargetsRouted
    | OptionWritten
    | PortOptionWritten
    | EffectFailed
)
