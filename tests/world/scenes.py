"""Ready-made worlds: a host that pings, switches, and a host with a bond."""

from dataclasses import dataclass

from pybondd.sim.cable import Cable
from pybondd.sim.checks import watch
from pybondd.sim.host import BondHost, Host
from pybondd.sim.interface import Interface
from pybondd.sim.switch import Switch
from pybondd.sim.world import World
from pybondd.units import SECOND_NS, milliseconds

PEER_IP = bytes((192, 0, 2, 1))
BOND_IP = bytes((192, 0, 2, 2))
MIIMON_100 = ("miimon", "100")


@dataclass
class Scene:
    """One switch or several, the peer behind the first, the bond's ports and their cables."""

    world: World
    peer: Host
    switches: list[Switch]
    host: BondHost
    ports: list[Interface]
    cables: list[Cable]

    @property
    def bond(self):
        return self.host.bond

    @property
    def active(self):
        """The place of the active port among `ports`; None without one."""
        active = self.bond.bond.state.active
        return (
            None if active is None else [port.ifindex for port in self.ports].index(active.ifindex)
        )

    def run(self, duration_ms):
        self.world.run_for(milliseconds(duration_ms))

    def ping(self, count, interval_ms=10):
        """The peer pings the bond, `count` times, and waits for the last answer."""
        self.world.every(
            milliseconds(interval_ms), count, lambda: self.peer.stack.ping(self.host.stack.ip)
        )
        self.run(count * interval_ms + 100)

    def option(self, name):
        return self.bond.bond.read_option(name)


def one_switch(mode, port_count=2, *, seed=0, options=(MIIMON_100,), is_trunk=None):
    """All ports on one switch; the modes that need a static link aggregation get one."""
    world = World(seed)
    switch = Switch(world, "sw")
    peer = plugged_peer(world, switch)
    trunk = mode != "active-backup" if is_trunk is None else is_trunk
    far = switch.add_trunk(port_count) if trunk else [switch.add_port() for _ in range(port_count)]
    return with_bond(world, peer, [switch], far, mode, options)


def two_switches(mode="active-backup", *, seed=0, options=(MIIMON_100,)):
    """Each port on a switch of its own, both behind a third one where the peer is.

    The third switch learns where the bond is; when a port fails it is not the one that notices.
    """
    world = World(seed)
    core, left, right = (Switch(world, name) for name in ("core", "left", "right"))
    peer = plugged_peer(world, core)
    for edge in (left, right):
        world.connect(core.add_port(), edge.add_port())
    far = [left.add_port(), right.add_port()]
    return with_bond(world, peer, [core, left, right], far, mode, options)


def plugged_peer(world, switch):
    peer = Host(world, "peer", PEER_IP)
    world.connect(peer.interface, switch.add_port())
    return peer


def with_bond(world, peer, switches, far, mode, options):
    ports = [world.interface(f"eth{place}") for place in range(len(far))]
    cables = [world.connect(port, other) for port, other in zip(ports, far, strict=True)]
    host = BondHost(world, BOND_IP, ports, [("mode", mode), *options])
    watch(world, host.bond)
    world.run_for(SECOND_NS)
    return Scene(world, peer, switches, host, ports, cables)
