"""What is an aggregator? A set of ports that lead to the same partner and act as one link.

Source: Linux 6.12 bond_3ad.h struct aggregator. Each port brings one along; which ports are in it
has nothing to do with who brought it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pybondd.lacp.key import speed_now_mbps
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import PortState

if TYPE_CHECKING:
    from pybondd.lacp.port import AggregationPort

_CARRYING: Final = int(PortState.COLLECTING | PortState.DISTRIBUTING)


@dataclass(slots=True, eq=False)
class Aggregator:
    """One aggregator; `ports` has the newest member first.

    The partner's identity is a copy made when the first port joined. A system priority, system
    and key of zero is an aggregator that nobody is in.
    """

    id: int
    is_individual: bool = False
    key: int = 0
    partner_system_priority: int = 0
    partner_system: bytes = NO_ADDRESS
    partner_key: int = 0
    is_active: bool = False
    ports: "list[AggregationPort]" = field(default_factory=list)

    @property
    def has_partner(self) -> bool:
        """Whether somebody who speaks LACP is at the other end."""
        return self.partner_system != NO_ADDRESS

    @property
    def enabled_port_count(self) -> int:
        """Ports whose link is up, negotiated or not: Linux's "Number of ports"."""
        return sum(port.port_enabled for port in self.ports)

    @property
    def carrying_port_count(self) -> int:
        """Ports that collect and distribute: both sides use them."""
        return sum(
            port.port_enabled and port.actor.state & _CARRYING == _CARRYING for port in self.ports
        )

    @property
    def has_running_port(self) -> bool:
        """Whether any port has a carrier now, whatever the monitor thinks."""
        return any(port.member.is_running for port in self.ports)

    @property
    def bandwidth_mbps(self) -> int:
        """Ports times the speed of the newest one, as Linux reckons."""
        return self.enabled_port_count * speed_now_mbps(self.ports[0]) if self.ports else 0

    @property
    def priority_sum(self) -> int:
        """Sum of the port priorities, for ad_select=actor_port_prio."""
        return sum(port.actor.port_priority for port in self.ports if port.port_enabled)

    def clear(self) -> None:
        """Nobody is in it any more."""
        self.is_individual = self.is_active = False
        self.key = self.partner_system_priority = self.partner_key = 0
        self.partner_system = NO_ADDRESS
        self.ports = []

    def take_over(self, other: "Aggregator") -> None:
        """Become what `other` is, its ports included, and leave it cleared."""
        self.is_individual, self.key = other.is_individual, other.key
        self.partner_system_priority = other.partner_system_priority
        self.partner_system, self.partner_key = other.partner_system, other.partner_key
        self.is_active, self.ports = other.is_active, other.ports
        for port in self.ports:
            port.aggregator = self
        other.clear()
