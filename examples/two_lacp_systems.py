"""Two systems negotiate 802.3ad in virtual time, lose a silent cable, and get it back.

    python examples/two_lacp_systems.py [lacp_rate]

Each line is a moment when a port's state changed: the eight flags of LACP, ATGSCDFE, of each end.
"""

import sys

from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.timeline import ORIGIN_NS
from pybondd.sim.world import World
from pybondd.units import SECOND_NS, milliseconds
from pybondd.wire.slow import PortState


def system(world: World, name: str, rate: str) -> SimulatedBond:
    """A bond of two ports in mode 4."""
    bond = SimulatedBond(world, name)
    for option in (("mode", "802.3ad"), ("miimon", "100"), ("lacp_rate", rate)):
        bond.write(*option)
    for number in range(2):
        bond.enslave(world.interface(f"{name}-{number}"))
    return bond


def flags(bond: SimulatedBond) -> list[str]:
    """What each port says of itself."""
    lacp = bond.bond.mode.lacp
    assert lacp
    return [PortState(port.actor.state).letters for port in lacp.ports]


def main() -> None:
    """Plug, open, cut without anybody noticing, mend."""
    world = World(seed=1)
    left, right = (system(world, name, (sys.argv[1:] or ["fast"])[0]) for name in ("left", "right"))
    ends = zip(left.interfaces.values(), right.interfaces.values(), strict=True)
    cables = [world.connect(a, b) for a, b in ends]
    shown: list[list[str]] = []

    def show() -> None:
        if shown != (now := [flags(left), flags(right)]):
            print(f"{(world.now - ORIGIN_NS) / SECOND_NS:7.3f} s ", *now[0], " | ", *now[1])
            shown[:] = now

    world.observers.append(show)
    left.open()
    world.after(milliseconds(30), right.open)
    world.after(6 * SECOND_NS, lambda: setattr(cables[1], "is_mute", True))
    world.after(14 * SECOND_NS, lambda: setattr(cables[1], "is_mute", False))
    world.run_for(20 * SECOND_NS)


if __name__ == "__main__":
    main()
