"""Worlds in which two or three systems speak 802.3ad with each other, and what becomes of them."""

from dataclasses import dataclass, field

from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.interface import Interface
from pybondd.sim.scripted import ScriptedPartner
from pybondd.sim.watch_lacp import LacpWatch
from pybondd.sim.world import World
from pybondd.units import milliseconds

FAST = (("miimon", "100"), ("lacp_rate", "fast"))


class Listener:
    """What stands on a bond: it keeps what it is given."""

    def __init__(self):
        self.heard = []

    def bond_received(self, frame):
        self.heard.append(frame)

    def bond_changed(self):
        """Whatever the bond looks like, frames are only counted."""


@dataclass
class Site:
    """One system: its bond, which a restart replaces, and its interfaces, which stay."""

    world: World
    watch: LacpWatch
    name: str
    interfaces: list[Interface]
    options: dict[str, str]
    jiffy_ns: int = 0
    bond: SimulatedBond = None
    restarts: int = 0

    def start(self, *, is_open=True):
        """A new bond with all interfaces; the settings are those that were written last."""
        self.restarts += 1
        self.bond = SimulatedBond(self.world, self.name, jiffy_ns=self.jiffy_ns)
        self.bond.upper = Listener()
        for option, text in {"mode": "802.3ad", **self.options}.items():
            refusal = self.bond.write(option, text)
            assert refusal is None, refusal
        self.watch.follow(self.bond)
        for interface in self.interfaces:
            refusal = self.bond.enslave(interface)
            assert refusal is None, refusal
        if is_open:
            self.bond.open()

    def kill(self):
        """The process dies: nothing is said, the interfaces go down and are free."""
        self.watch.forget(self.bond)
        self.bond.is_open = False
        self.bond.attached.clear()
        for interface in self.interfaces:
            interface.owner = None
            interface.set_up(False)

    def has(self, interface):
        return interface.ifindex in self.bond.attached

    @property
    def lacp(self):
        return self.bond.bond.mode.lacp

    def port(self, interface):
        """What LACP knows of the port; None if it is no port now."""
        found = (p for p in self.lacp.ports if p.member.ifindex == interface.ifindex)
        return next(found, None)


@dataclass
class LacpScene:
    """Sites and the cables between them; cables are the world's."""

    world: World
    watch: LacpWatch
    sites: list[Site]
    strangers: list[ScriptedPartner] = field(default_factory=list)

    def run(self, duration_ms):
        """Let time pass, after a look at what was done last."""
        self.world.observe()
        self.world.run_for(milliseconds(duration_ms))

    def site_of(self, interface):
        return next((site for site in self.sites if interface in site.interfaces), None)

    def far_end(self, interface):
        """Site and interface at the other end of the cable; None without."""
        if interface.cable is None:
            return None
        other = interface.cable.other_end(interface)
        site = self.site_of(other)
        return (site, other) if site else None

    def wire_straight(self):
        """The first port of one with the first free one of the next, and so on."""
        for cable in list(self.world.cables):
            self.world.disconnect(cable)
        first, *others = self.sites
        far = [interface for site in others for interface in site.interfaces]
        for near, other in zip(first.interfaces, far, strict=False):
            self.world.connect(near, other)


def lacp_scene(*counts, seed=0, options=FAST, each=(), jiffy_ns=0):
    """Sites with so many ports, wired straight to the first one and opened.

    `options` are for all, `each` adds some of one site by its place.
    """
    world = World(seed)
    watch = LacpWatch(world)
    sites = []
    for place, count in enumerate(counts):
        name = "abc"[place]
        interfaces = [world.interface(f"{name}{n}") for n in range(count)]
        own = dict(options) | dict(dict(each).get(place, ()))
        sites.append(Site(world, watch, name, interfaces, own, jiffy_ns))
    scene = LacpScene(world, watch, sites)
    scene.wire_straight()
    for site in sites:
        site.start()
        world.observe()
        world.run_for(milliseconds(37))
    return scene
