"""A learning switch: behind which of its ports does an address live?"""

from dataclasses import dataclass

from pybondd.sim.interface import Interface
from pybondd.sim.world import World
from pybondd.units import SECOND_NS, Duration, Instant

AGEING_NS: Duration = 300 * SECOND_NS
"""IEEE Std 802.1Q-2018 8.8.3: the recommended ageing time of a learned address."""
MAX_ADDRESSES = 8192
"""Table size of a common small switch; beyond it nothing new is learned and frames flood."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Where an address was last seen: the number of a trunk, and when."""

    trunk: int
    seen_ns: Instant


class Switch:
    """Ports, grouped into trunks: a trunk of several ports is a static link aggregation.

    A trunk is learned as one. It sends each flow (a pair of MAC addresses) on one of its live
    ports, and never sends back into the trunk that a frame came from.
    `moves` counts how often a known address appeared behind another trunk.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.trunks: list[list[Interface]] = []
        self.addresses: dict[bytes, Learned] = {}
        self.flooded = 0
        self.moves = 0

    def add_port(self) -> Interface:
        """A new port that stands alone; it is up."""
        return self.add_trunk(1)[0]

    def add_trunk(self, port_count: int) -> list[Interface]:
        """New ports that together are one static link aggregation."""
        trunk = [self._new_port(len(self.trunks), place) for place in range(port_count)]
        self.trunks.append(trunk)
        return trunk

    def frame_arrived(self, interface: Interface, frame: bytes) -> None:
        """Learn the source, then send towards the destination, or everywhere."""
        origin = self._trunk_of(interface)
        self._learn(frame[6:12], origin)
        known = None if frame[0] & 1 else self._look_up(frame[0:6])
        if known is None:
            self.flooded += 1
            for trunk in range(len(self.trunks)):
                if trunk != origin:
                    self._send(trunk, frame)
        elif known != origin:
            self._send(known, frame)

    def link_changed(self, interface: Interface) -> None:
        """Addresses behind a trunk without any live port are forgotten, as switches do."""
        trunk = self._trunk_of(interface)
        if any(port.facts.is_running for port in self.trunks[trunk]):
            return
        self.addresses = {
            mac: learned for mac, learned in self.addresses.items() if learned.trunk != trunk
        }

    def trunk_behind_which(self, mac: bytes) -> int | None:
        """The trunk where `mac` was seen; None if unknown or too long ago."""
        return self._look_up(mac)

    def _new_port(self, trunk: int, place: int) -> Interface:
        port = self.world.interface(f"{self.name}-{trunk}.{place}", is_up=True)
        port.owner = self
        return port

    def _trunk_of(self, interface: Interface) -> int:
        return next(number for number, ports in enumerate(self.trunks) if interface in ports)

    def _learn(self, mac: bytes, trunk: int) -> None:
        if mac[0] & 1:
            return
        known = self.addresses.get(mac)
        if known is None and len(self.addresses) >= MAX_ADDRESSES:
            return
        if known is not None and known.trunk != trunk:
            self.moves += 1
        self.addresses[mac] = Learned(trunk, self.world.now)

    def _look_up(self, mac: bytes) -> int | None:
        learned = self.addresses.get(mac)
        if learned is None or self.world.now - learned.seen_ns > AGEING_NS:
            return None
        return learned.trunk

    def _send(self, trunk: int, frame: bytes) -> None:
        live = [port for port in self.trunks[trunk] if port.facts.is_running]
        if live:
            # The same spread as a static trunk of a cheap switch: source and destination MAC.
            live[(frame[5] ^ frame[11]) % len(live)].send(frame)
