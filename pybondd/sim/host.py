"""Hosts: a stack on one interface, or a stack on a bond."""

from collections.abc import Sequence

from pybondd.events import HostAddress, HostAddressed, TargetRoute
from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.interface import Interface
from pybondd.sim.stack import Stack
from pybondd.sim.world import World
from pybondd.units import Duration


class Host:
    """A host with one interface, which is up."""

    def __init__(self, world: World, name: str, ip: bytes) -> None:
        self.interface = world.interface(name, is_up=True)
        self.interface.owner = self
        self.stack = Stack(self.interface.mac, ip, self.interface.send, lambda: world.now)

    def frame_arrived(self, interface: Interface, frame: bytes) -> None:
        """A frame came in (Owner)."""
        self.stack.received(frame)

    def link_changed(self, interface: Interface) -> None:
        """A host with one interface has no choice (Owner)."""


class BondHost:
    """A host with a bond.

    `options` are written in their order before the interfaces join, then the bond is set up, so
    that a scenario starts in one line.
    """

    def __init__(
        self,
        world: World,
        ip: bytes,
        interfaces: Sequence[Interface],
        options: Sequence[tuple[str, str]] = (),
        *,
        jiffy_ns: Duration = 0,
    ) -> None:
        self.bond = SimulatedBond(world, jiffy_ns=jiffy_ns)
        self.bond.upper = self
        self.bond.route = self._route
        self.stack = Stack(self.bond.mac, ip, self._send, lambda: world.now)
        for name, text in options:
            refusal = self.bond.write(name, text)
            assert refusal is None, refusal
        for interface in interfaces:
            refusal = self.bond.enslave(interface)
            assert refusal is None, refusal
        self.bond_changed()
        self.bond.open()

    def bond_received(self, frame: bytes) -> None:
        """The bond interface delivers a frame (Upper)."""
        self.stack.received(frame)

    def bond_changed(self) -> None:
        """The address may be another: tell the stack, and the bond what peers see (Upper)."""
        if self.stack.mac != self.bond.mac or not self.bond.is_open:
            self.stack.mac = self.bond.mac
            address = HostAddress(self.bond.name, self.bond.mac, ipv4=(self.stack.ip,))
            self.bond.handle(HostAddressed((address,)))

    def _route(self, targets: tuple[bytes, ...]) -> tuple[TargetRoute, ...]:
        """To the neighbours, which are all that share the first three octets; none elsewhere."""
        near = (target for target in targets if target[:-1] == self.stack.ip[:-1])
        return tuple(TargetRoute(target, source=self.stack.ip) for target in near)

    def _send(self, frame: bytes) -> None:
        self.bond.send_from_host(frame)
