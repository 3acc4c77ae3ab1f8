"""Does a pump move what it should, and count the rest? Datagram sockets stand for TAP and ports."""

import contextlib
import socket
import threading
from dataclasses import replace

import pytest
from packets import MACS
from twins import NEEDS_COMPILED, TWINS

from pybondd.counters import NEVER_READ, Reason
from pybondd.forwarding import ForwardingTable, PortEntry, Receive, Spread
from pybondd.linux import pump as pure

try:
    from pybondd import _fast
except ImportError:
    _fast = None

VNET = bytes(10)
FRAME = MACS + b"\x08\x06" + bytes(46)
PUMPS = {"pure": pure.Pump, "compiled": _fast and _fast.Pump}
FIRST, SECOND = 5, 9


def entry(ifindex, *, is_live=True, receive=Receive.DELIVER):
    return PortEntry(ifindex, can_transmit=is_live, is_live=is_live, receive=receive)


BROADCAST = ForwardingTable(
    spread=Spread.EVERY, tx_ports=(FIRST, SECOND), ports=(entry(FIRST), entry(SECOND))
)
TO_FIRST = replace(BROADCAST, spread=Spread.ONE, tx_ports=(FIRST,))


class Bench:
    """A pump in its thread between a host and two ports, each the far end of a socket pair."""

    def __init__(self, kind, table=None):
        self.pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
        self.host, self.first, self.second = (far for far, _ in self.pairs)
        for far, near in self.pairs:
            near.setblocking(False)
            far.settimeout(5)
        near = [near for _, near in self.pairs]
        self.pump = PUMPS[kind](near[0].fileno(), seed=1)
        self.pump.add_port(FIRST, near[1].fileno())
        self.pump.add_port(SECOND, near[2].fileno())
        if table:
            self.pump.publish(table)
        self.thread = threading.Thread(target=self.pump.run)
        self.thread.start()

    def stop(self):
        self.pump.stop()
        self.thread.join()
        return self.pump.counters()

    def close(self):
        self.stop()
        self.pump.close()
        for pair in self.pairs:
            for end in pair:
                end.close()


@contextlib.contextmanager
def running(kind, table=None):
    bench = Bench(kind, table)
    try:
        yield bench
    finally:
        bench.close()


@pytest.mark.parametrize("kind", TWINS)
def test_a_broadcast_frame_leaves_by_both_ports_with_its_header(kind):
    packet = bytes(range(10)) + FRAME
    with running(kind, BROADCAST) as bench:
        bench.host.send(packet)
        assert (bench.first.recv(100), bench.second.recv(100)) == (packet, packet)
        counted = bench.stop()
    assert (counted.host_frames, counted.host_octets, counted.copies_frames) == (1, len(FRAME), 1)
    assert [port.sent_octets for port in counted.ports] == [len(FRAME), len(FRAME)]
    assert counted.imbalance == (0, 0)


@pytest.mark.parametrize("kind", TWINS)
def test_frames_of_one_port_keep_their_order(kind):
    packets = [VNET + MACS + b"\x08\x06" + number.to_bytes(2) for number in range(200)]
    arrived = []
    with running(kind, TO_FIRST) as bench:
        for i in range(0, 200, 8):
            for packet in packets[i : i + 8]:
                bench.host.send(packet)
            arrived += [bench.first.recv(100) for _ in range(8)]
    assert arrived == packets
