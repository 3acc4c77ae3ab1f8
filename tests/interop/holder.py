"""A process that takes interfaces as ports of bond0, then waits to be killed.

`python holder.py JOURNAL PORT...` in a network namespace. Says "ready" when all is held. With
CRASH_AT=n in the environment it kills itself before or after its n-th change of the host or the
journal (each change counts twice); with SETTLE it gives everything back after being ready.
"""

import os
import signal
import sys
from pathlib import Path

from pybondd.effects import (
    AttachPort,
    SetBondMac,
    SetPortMac,
    SetPortMtu,
    SetPortPromiscuous,
    SetPortUp,
)
from pybondd.linux import journal as journal_module
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.executor import Executor
from pybondd.linux.journal import Journal
from pybondd.linux.netlink import Route
from pybondd.linux.rtnetlink import Netlink
from pybondd.linux.tap import Tap

BOND_MAC = bytes.fromhex("02b0d0000001")
BOND_MTU = 1400
CRASH_AT = int(os.environ.get("CRASH_AT", "0"))
moments = 0


class NoPump:
    """A data plane that carries nothing."""

    def add_port(self, ifindex, fd):
        """Nothing to carry."""

    def remove_port(self, ifindex):
        """Nothing to carry."""

    def publish(self, table):
        """Nothing to carry."""


def moment():
    global moments
    moments += 1
    if moments == CRASH_AT:
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(deed):
    """The same deed with a moment to die before and one after."""

    def wrapped(*words, **more):
        moment()
        deed(*words, **more)
        moment()

    return wrapped


def take(executor, name, route):
    port = executor.prepare(route.interface(name).ifindex)
    for effect in (
        AttachPort(port.ifindex),
        SetPortMtu(port.ifindex, BOND_MTU),
        SetPortMac(port.ifindex, BOND_MAC),
        SetPortUp(port.ifindex, True),
        SetPortPromiscuous(port.ifindex, True),
    ):
        code = executor.execute(effect)
        assert code == 0, f"{effect}: {executor.last_error}"


def main():
    path, *names = sys.argv[1:]
    Netlink.change = deadly(Netlink.change)
    journal_module._replace = deadly(journal_module._replace)
    Journal.remove = deadly(Journal.remove)
    with Route() as route:
        executor = Executor(
            route=route,
            tap=Tap("bond0"),
            pump=NoPump(),
            journal=Journal(Path(path)),
            ethtool=Ethtool(),
            isolation=os.environ.get("ISOLATION") or None,
        )
        assert executor.execute(SetBondMac(BOND_MAC)) == 0
        for name in names:
            take(executor, name, route)
        print("ready", flush=True)
        if os.environ.get("SAY_KIND"):
            print("held by", executor.isolation_of(route.interface(names[0]).ifindex))
        if os.environ.get("SETTLE"):
            print(executor.close(), flush=True)
            print("moments", moments, flush=True)
        else:
            signal.pause()


if __name__ == "__main__":
    main()
