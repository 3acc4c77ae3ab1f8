"""A network interface that exists only in virtual time: what would the kernel say of it?"""

from dataclasses import dataclass, field
from typing import Protocol

from pybondd.port import Duplex, LinkFacts
from pybondd.wire.ethernet import is_group


class Owner(Protocol):
    """Whoever an interface belongs to: a host, a bond, a switch."""

    def frame_arrived(self, interface: "Interface", frame: bytes) -> None:
        """A frame came in; `frame` starts at the Ethernet header, no FCS."""

    def link_changed(self, interface: "Interface") -> None:
        """The interface's facts are different now."""


class Plugged(Protocol):
    """What an interface knows of the cable that is plugged into it."""

    @property
    def has_carrier(self) -> bool:
        """Somebody is at the other end."""

    def carry(self, sender: "Interface", frame: bytes) -> None:
        """Take a frame from `sender`; it arrives later, or not."""

    def tell_other_end(self, end: "Interface") -> None:
        """Whoever is at the far side of `end` shall look at the carrier."""


@dataclass(slots=True, eq=False)
class Interface:
    """One end where a cable can be plugged in.

    `always_has_carrier`: no cable is needed (a dummy or a TAP in Linux). `speed_mbps`, `duplex`:
    None where the driver does not know. `refusals` names effects, by their class's name, that this
    interface answers with an errno. Counts are frames.
    """

    ifindex: int
    name: str
    mac: bytes
    mtu: int = 1500
    is_up: bool = False
    is_promiscuous: bool = False
    always_has_carrier: bool = False
    speed_mbps: int | None = 10_000
    duplex: Duplex | None = Duplex.FULL
    reports_link: bool = True
    owner: Owner | None = None
    cable: Plugged | None = None
    refusals: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    received: int = 0

    @property
    def has_carrier(self) -> bool:
        """Somebody is at the other end: as for a veth, both ends must be up."""
        return self.always_has_carrier or (self.cable is not None and self.cable.has_carrier)

    @property
    def facts(self) -> LinkFacts:
        """What a bond is told of this interface."""
        return LinkFacts(
            is_up=self.is_up,
            has_carrier=self.has_carrier,
            speed_mbps=self.speed_mbps,
            duplex=self.duplex,
            reports_link=self.reports_link,
        )

    def set_up(self, is_up: bool) -> None:
        """Set administratively up or down; both ends of the cable learn of it."""
        if self.is_up == is_up:
            return
        self.is_up = is_up
        self.tell_owner()
        if self.cable is not None:
            self.cable.tell_other_end(self)

    def set_speed(self, speed_mbps: int | None, duplex: Duplex | None) -> None:
        """Another speed was negotiated, or set by ethtool."""
        self.speed_mbps = speed_mbps
        self.duplex = duplex
        self.tell_owner()

    def tell_owner(self) -> None:
        """Let the owner read the facts again."""
        if self.owner is not None:
            self.owner.link_changed(self)

    def send(self, frame: bytes) -> None:
        """Put a frame on the cable; without a carrier it is lost, as in a real driver."""
        if not self.facts.is_running:
            return
        self.sent += 1
        if self.cable is not None:
            self.cable.carry(self, frame)

    def hears(self, frame: bytes) -> bool:
        """Whether a network card hands this frame on: its own, a group's, or any if promiscuous."""
        return self.is_promiscuous or is_group(frame) or frame[:6] == self.mac

    def receive(self, frame: bytes) -> None:
        """A frame comes off the cable."""
        if not self.is_up:
            return
        self.received += 1
        if self.owner is not None:
            self.owner.frame_arrived(self, frame)
