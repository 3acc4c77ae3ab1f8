"""Bonds joined by cables, in virtual time: a frame that leaves one side is at the other at once."""

from dataclasses import dataclass, field

from bonds import CUT, UP, enslave, link, write

from pybondd.bond import Bond
from pybondd.effects import Effect, Refuse, SendFrame
from pybondd.events import BondOpened, PortFrame
from pybondd.port import LinkFacts
from pybondd.units import SECOND_NS

OPTIONS = {"mode": "802.3ad", "miimon": 100, "lacp_follows": "linux"}
"""Of every bond here: what Linux does stays, whatever pybondd learns to mend."""
End = tuple[Bond, int]
"""A bond and the interface index of its port."""


@dataclass
class Wiring:
    """Cables between ports of any bonds; `silent` are ends whose frames are lost."""

    now: int = 0
    bonds: list[Bond] = field(default_factory=list)
    cables: list[tuple[End, End]] = field(default_factory=list)
    silent: list[End] = field(default_factory=list)

    def bond(self, name: str, *ifindices: int, facts: LinkFacts = UP, **options: object) -> Bond:
        """A bond of mode 4 with these ports, set up; its address ends in its number."""
        mac = bytes.fromhex("02b0000000") + bytes([len(self.bonds) + 1])
        bond = Bond(name, mac=mac)
        for option, value in {**OPTIONS, **options}.items():
            self.write(bond, option, value)
        self.bonds.append(bond)
        # A port takes the bond's address when it joins; an address of the bond's own lets two
        # bonds with the same interface indices be two systems.
        self.write(bond, "ad_actor_system", mac.hex(":"))
        for ifindex in ifindices:
            self.deliver(bond, enslave(bond, ifindex, facts, now=self.now))
        self.open(bond)
        return bond

    def open(self, bond: Bond) -> None:
        """Set the bond interface up."""
        self.deliver(bond, bond.handle(BondOpened(), now=self.now))

    def plug(self, near: End, far: End) -> None:
        """A cable."""
        self.cables.append((near, far))

    def write(self, bond: Bond, option: str, value: object) -> None:
        effects = write(bond, option, str(value), now=self.now)
        assert not [each for each in effects if isinstance(each, Refuse)], effects
        self.deliver(bond, effects)

    def cut(self, bond: Bond, ifindex: int) -> None:
        """The near end loses its carrier; the far end keeps its own."""
        self.deliver(bond, link(bond, ifindex, CUT, now=self.now))

    def deliver(self, bond: Bond, effects: list[Effect]) -> None:
        """Let the frames among these effects arrive."""
        for effect in effects:
            if isinstance(effect, SendFrame):
                self._carry((bond, effect.ifindex), effect.frame)

    def _carry(self, source: End, frame: bytes) -> None:
        if source in self.silent:
            return
        for near, far in self.cables:
            for here, there in ((near, far), (far, near)):
                if here == source:
                    bond, ifindex = there
                    self.deliver(bond, bond.handle(PortFrame(ifindex, frame), now=self.now))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + round(seconds * SECOND_NS)
        while due := self._next_due(until):
            self.now, bond = due
            self.deliver(bond, bond.advance(now=self.now))
        self.now = until

    def _next_due(self, until: int) -> tuple[int, Bond] | None:
        planned = [(bond.next_deadline(), bond) for bond in self.bonds]
        due = [(at[0], bond) for at, bond in planned if at and at[0] <= until]
        return min(due, key=lambda each: each[0], default=None)


def aggregated(port_count: int = 2, seconds: float = 5, **options: object) -> tuple[Wiring, Bond]:
    """A bond and a partner with as many ports, `seconds` after both were set up."""
    wiring = Wiring()
    indices = range(1, port_count + 1)
    bond = wiring.bond("bond0", *indices, **options)
    partner = wiring.bond("switch", *indices)
    for ifindex in indices:
        wiring.plug((bond, ifindex), (partner, ifindex))
    wiring.run(seconds)
    return wiring, bond
