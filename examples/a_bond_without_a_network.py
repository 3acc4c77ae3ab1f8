"""The core is values in, values out: talk to a bond by hand. Needs no privileges.

python examples/a_bond_without_a_network.py
"""

from pybondd.bond import Bond
from pybondd.events import BondOpened, Event, LinkChanged, OptionWritten, PortOffered, PortReady
from pybondd.port import Duplex, LinkFacts
from pybondd.units import SECOND_NS, milliseconds

GOOD = LinkFacts(speed_mbps=10_000, duplex=Duplex.FULL)
DOWN = LinkFacts(is_up=False, has_carrier=False)
UNPLUGGED = LinkFacts(has_carrier=False)


def story() -> list[Event]:
    """What happens to this bond, in order."""
    events: list[Event] = [OptionWritten("mode", "active-backup"), OptionWritten("miimon", "100")]
    for ifindex, name in ((1, "eth0"), (2, "eth1")):
        mac = bytes([2, 0, 0, 0, 0, ifindex])
        events += [PortOffered(ifindex, name, mac, 1500, DOWN), PortReady(ifindex, GOOD)]
    events += [
        BondOpened(),
        LinkChanged(1, UNPLUGGED),
        OptionWritten("mode", "802.3ad"),  # refused, as Linux does: the bond is up and has ports
    ]
    return events


def main() -> None:
    """Print each event and the effects that the bond answers with."""
    bond = Bond("bond0", mac=bytes([2, 0, 0, 0, 0, 9]))
    now = 1000 * SECOND_NS
    for event in story():
        now += milliseconds(10)
        print(f"\n{event}")
        for effect in [*bond.handle(event, now=now), *bond.advance(now=now)]:
            print(f"    -> {effect}")
    deadline = bond.next_deadline()
    assert deadline is not None
    print(f"\nnext: {deadline[1]} in {(deadline[0] - now) / milliseconds(1):.0f} ms")


if __name__ == "__main__":
    main()
