"""A failover without any network: the same bond, in a simulated world. Needs no privileges.

    python examples/failover_in_virtual_time.py [miimon in ms]

Ten virtual seconds of pings, a cable is cut after three and repaired after six. Nothing sleeps.
"""

import sys

from pybondd.sim.host import BondHost, Host
from pybondd.sim.switch import Switch
from pybondd.sim.timeline import ORIGIN_NS
from pybondd.sim.world import World
from pybondd.units import SECOND_NS, milliseconds

OURS, THEIRS = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])


def main() -> None:
    """Build the world, let it run, tell what happened."""
    miimon = sys.argv[1] if len(sys.argv) > 1 else "100"
    world = World(seed=1)
    eth0, eth1 = (world.interface(name) for name in ("eth0", "eth1"))
    switch, server = Switch(world, "switch"), Host(world, "server", THEIRS)
    cable = world.connect(eth0, switch.add_port())
    world.connect(eth1, switch.add_port())
    world.connect(server.interface, switch.add_port())
    host = BondHost(world, OURS, [eth0, eth1], [("mode", "active-backup"), ("miimon", miimon)])

    world.run_for(SECOND_NS)
    world.every(milliseconds(1), 10_000, lambda: host.stack.ping(THEIRS))
    world.after(3 * SECOND_NS, cable.cut)
    world.after(6 * SECOND_NS, cable.repair)
    world.run_for(11 * SECOND_NS)

    for moment, report in host.bond.reports:
        print(f"{(moment - ORIGIN_NS) / SECOND_NS:8.4f} s  {report.port or 'bond0'}: {report.text}")
    stack = host.stack
    print(f"{len(stack.probes)} pings, {stack.lost} lost, {stack.duplicates} duplicated")


if __name__ == "__main__":
    main()
