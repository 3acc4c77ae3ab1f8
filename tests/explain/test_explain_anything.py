"""Whatever happens, there is an answer, and it is never that nobody knows."""

import random

import pytest
from bonds import CUT, UP, link, write
from pairs import Wiring

from pybondd.events import BondClosed
from pybondd.explain.answer import Reason
from pybondd.explain.port import explain_port

SEEDS = range(20)
STEPS = 20
PORTS = (1, 2, 3)
OPTIONS = {
    "lacp_rate": ("slow", "fast"),
    "lacp_active": ("on", "off"),
    "min_links": ("0", "2", "3"),
    "lacp_strict": ("off", "on"),
    "updelay": ("0", "300"),
    "downdelay": ("0", "300"),
}


def two_switches(chance: random.Random) -> tuple[Wiring, list]:
    wiring = Wiring()
    policy = chance.choice(("stable", "bandwidth", "count", "actor_port_prio"))
    control = chance.choice(("on", "off"))
    bond = wiring.bond("bond0", *PORTS, ad_select=policy, coupled_control=control)
    switches = [wiring.bond(f"switch{n}", *PORTS) for n in (1, 2)]
    for ifindex in PORTS:
        wiring.plug((bond, ifindex), (chance.choice(switches), ifindex))
    return wiring, [bond, *switches]


def happen(wiring: Wiring, bonds: list, chance: random.Random) -> None:
    """One thing that people, cables or switches do."""
    bond, ifindex = bonds[0], chance.choice(PORTS)
    match chance.randrange(6):
        case 0:
            wiring.deliver(bond, link(bond, ifindex, chance.choice((UP, CUT)), now=wiring.now))
        case 1:
            name = chance.choice(list(OPTIONS))
            # Some are refused while the bond is up.
            wiring.deliver(bond, write(bond, name, chance.choice(OPTIONS[name]), now=wiring.now))
        case 2:
            end = (chance.choice(bonds), ifindex)
            wiring.silent.remove(end) if end in wiring.silent else wiring.silent.append(end)
        case 3:
            other = chance.choice(bonds)
            wiring.deliver(other, other.handle(BondClosed(), now=wiring.now))
        case 4:
            wiring.open(chance.choice(bonds))
        case 5:
            wiring.cables.reverse()
    wiring.run(chance.choice((0.05, 0.1, 1, 4, 40)))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_port_is_explained_whatever_happens(seed):
    chance = random.Random(seed)
    wiring, bonds = two_switches(chance)
    for _ in range(STEPS):
        happen(wiring, bonds, chance)
        for bond in bonds:
            for port in bond.state.ports:
                told = explain_port(bond.state, bond.mode, port, now=wiring.now)
                assert told.reason is not Reason.UNKNOWN, told
                assert told.what
                assert told.why
                assert told.remedy or told.carries
