"""One bond, in the namespace it is started in, of one kind: naive, drained, pure or
compiled.

    python rig.py KIND BOND PORT

Prints "ready" and forwards until it is killed; on SIGTERM pybondd's kinds print their counters.
"""

import os
import signal
import socket
import sys
import threading

from naive import BATCH_FRAMES, NaiveBond

from pybondd.forwarding import ForwardingTable, PortEntry, Receive, Spread
from pybondd.linux.isolation import isolate
from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.pump import make_pump
from pybondd.linux.tap import Tap

NICENESS = -10
"""That of pybondd's daemon, for all kinds: else a busy machine would slow the others down alone."""


def main():
    kind, name, port_name = sys.argv[1:]
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    ifindex = socket.if_nametoindex(port_name)
    isolation = isolate(Route(), ifindex)
    if kind in BATCH_FRAMES:
        bond = NaiveBond(name, port_name, batch_frames=BATCH_FRAMES[kind])
        print("ready", flush=True)
        bond.run()
    os.environ["PYBONDD_PURE"] = "1" if kind == "pure" else ""
    tap, port = Tap(name), PortSocket(ifindex)
    tap.set_carrier(True)
    pump = make_pump(tap.fileno(), seed=1)
    pump.add_port(ifindex, port.fileno())
    pump.publish(table_of_one(ifindex))
    signal.signal(signal.SIGTERM, lambda *_: pump.stop())
    mover = threading.Thread(target=pump.run)
    mover.start()
    print("ready", flush=True)
    mover.join()
    print(pump.counters().totals(), flush=True)
    del isolation


def table_of_one(ifindex):
    entry = PortEntry(ifindex, can_transmit=True, is_live=True, receive=Receive.DELIVER)
    return ForwardingTable(spread=Spread.ONE, tx_ports=(ifindex,), ports=(entry,))


if __name__ == "__main__":
    main()
