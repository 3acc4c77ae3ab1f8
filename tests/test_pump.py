"""Does a pump move what it should, and count the rest? Datagram sockets stand for TAP and ports."""

import contextlib
import os
import socket
import threading
from dataclasses import replace

import pytest
from packets import MACS
from twins import TWINS

from pybondd.counters import Reason
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

    def __init__(self, kind, table, *, starts):
        self.pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
        self.host, self.first, self.second = (far for far, _ in self.pairs)
        for far, near in self.pairs:
            near.setblocking(False)
            far.settimeout(2)
        near = [near for _, near in self.pairs]
        self.pump = PUMPS[kind](near[0].fileno(), seed=1)
        self.pump.add_port(FIRST, near[1].fileno())
        self.pump.add_port(SECOND, near[2].fileno())
        if table:
            self.pump.publish(table)
        self.thread = threading.Thread(target=self.pump.run, daemon=True)
        if starts:
            self.thread.start()

    def counted(self, question):
        """The counters, as soon as the question finds them right; the last ones after 2 s."""
        for _ in range(2000):
            counters = self.pump.counters()
            if question(counters):
                break
            self.thread.join(0.001)
        assert counters.imbalance == (0, 0)
        return counters

    def stop(self):
        self.pump.stop()
        if self.thread.ident:
            self.thread.join(5)
        assert not self.thread.is_alive(), "the pump does not stop"
        return self.pump.counters()

    def close(self):
        self.stop()
        self.pump.close()
        for pair in self.pairs:
            for end in pair:
                end.close()


both_twins = pytest.mark.parametrize("kind", TWINS)


@contextlib.contextmanager
def running(kind, table=None, *, starts=True):
    bench = Bench(kind, table, starts=starts)
    try:
        yield bench
    finally:
        bench.close()


# -- from the host


@both_twins
def test_a_broadcast_frame_leaves_by_both_ports_with_its_header(kind):
    packet = bytes(range(10)) + FRAME
    with running(kind, BROADCAST) as bench:
        bench.host.send(packet)
        assert (bench.first.recv(100), bench.second.recv(100)) == (packet, packet)
        counted = bench.stop()
    assert (counted.host_frames, counted.host_octets, counted.copies_frames) == (1, len(FRAME), 1)
    assert [port.sent_frames for port in counted.ports] == [1, 1]
    assert [port.sent_octets for port in counted.ports] == [len(FRAME), len(FRAME)]
    assert counted.imbalance == (0, 0)


@both_twins
def test_frames_of_one_port_keep_their_order(kind):
    packets = [VNET + MACS + b"\x08\x06" + number.to_bytes(2, "big") for number in range(200)]
    arrived = []
    with running(kind, TO_FIRST) as bench:
        for i in range(0, 200, 8):
            for packet in packets[i : i + 8]:
                bench.host.send(packet)
            arrived += [bench.first.recv(100) for _ in range(8)]
        counted = bench.stop()
    assert arrived == packets
    assert counted.port(FIRST).sent_octets == 200 * 16


@both_twins
def test_frames_of_many_sizes_pass_whole(kind):
    packets = [VNET + MACS + bytes([size % 251]) * size for size in (2, 50, 52, 53, 1500, 9000)]
    with running(kind, TO_FIRST) as bench:
        for packet in packets:
            bench.host.send(packet)
        assert [bench.first.recv(20000) for _ in packets] == packets


@both_twins
def test_a_frame_is_hashed_from_its_ethernet_header_on(kind):
    hashed = replace(BROADCAST, spread=Spread.HASH)
    with running(kind, hashed) as bench:
        for octet in (0, 1, 2, 3, 5):
            packet = VNET + bytes([0, 0, 0, 0, 0, octet]) + bytes(6) + b"\0\0" + bytes([7, 9])
            bench.host.send(packet)
            assert (bench.first, bench.second)[octet % 2].recv(100) == packet


@both_twins
def test_a_frame_read_from_the_host_has_no_queue_of_its_own(kind):
    queues = tuple(replace(port, queue_id=n) for n, port in enumerate(BROADCAST.ports, 1))
    with running(kind, replace(TO_FIRST, ports=queues, obeys_queue_id=True)) as bench:
        bench.host.send(VNET + FRAME)
        assert bench.first.recv(100) == VNET + FRAME


@both_twins
def test_a_table_published_while_frames_pass_is_obeyed_by_the_next_frame(kind):
    with running(kind, TO_FIRST) as bench:
        for turn in range(20):
            port, there = ((FIRST, bench.first), (SECOND, bench.second))[turn % 2]
            bench.pump.publish(replace(TO_FIRST, tx_ports=(port,), generation=turn))
            bench.host.send(VNET + FRAME)
            assert there.recv(100) == VNET + FRAME


@both_twins
@pytest.mark.parametrize(
    ("packet", "table", "reason"),
    [
        pytest.param(VNET + FRAME[:13], TO_FIRST, Reason.TOO_SHORT, id="13 octets"),
        pytest.param(VNET, TO_FIRST, Reason.TOO_SHORT, id="no frame"),
        pytest.param(VNET + FRAME, None, Reason.NO_PORT, id="no table"),
        pytest.param(VNET + MACS + bytes(65536 + 7), TO_FIRST, Reason.TRUNCATED, id="one too long"),
    ],
)
def test_a_frame_from_the_host_that_no_port_may_have_is_counted(kind, packet, table, reason):
    with running(kind, table) as bench:
        bench.host.send(packet)
        counted = bench.counted(lambda counters: counters.host_frames)
    assert counted.transmit_drops() == {reason: 1}
    assert counted.host_octets == len(packet) - len(VNET)


@both_twins
def test_the_longest_frame_passes(kind):
    packet = VNET + MACS + bytes(65536 + 6)
    with running(kind, TO_FIRST) as bench:
        bench.host.send(packet)
        assert bench.first.recv(1 << 17) == packet


@both_twins
def test_a_port_of_the_table_that_was_not_added_is_unknown_until_it_is(kind):
    table = replace(BROADCAST, ports=(*BROADCAST.ports, entry(77)), tx_ports=(77, FIRST))
    extra, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with running(kind, table) as bench, extra, near:
        near.setblocking(False)
        extra.settimeout(5)
        bench.host.send(VNET + FRAME)
        bench.first.recv(100)
        counted = bench.counted(lambda counters: counters.host_frames)
        assert counted.transmit_drops() == {Reason.UNKNOWN_PORT: 1}
        bench.pump.add_port(77, near.fileno())
        bench.host.send(VNET + FRAME)
        assert extra.recv(100) == VNET + FRAME
        bench.pump.remove_port(77)


@both_twins
def test_a_port_whose_queue_is_full_is_busy_and_the_frames_behind_are_counted_too(kind):
    with running(kind, TO_FIRST) as bench:
        for _ in range(2000):
            bench.host.send(VNET + FRAME)
        counted = bench.counted(lambda counters: counters.host_frames == 2000)
        arrived = 0
        bench.first.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while bench.first.recv(100):
                arrived += 1
    busy = counted.port(FIRST).transmit_drops[Reason.PORT_BUSY]
    assert busy > 0
    assert counted.port(FIRST).sent_frames == arrived == 2000 - busy


@both_twins
def test_a_frame_that_the_kernel_finds_too_long_does_not_stop_those_behind_it(kind):
    long = VNET + MACS + bytes(20000)
    with running(kind, TO_FIRST, starts=False) as bench:
        near_first = bench.pairs[1][1]
        near_first.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        for packet in (VNET + FRAME, long, VNET + FRAME + b"last"):
            bench.host.send(packet)
        bench.thread.start()
        assert [bench.first.recv(100) for _ in range(2)] == [VNET + FRAME, VNET + FRAME + b"last"]
        counted = bench.counted(lambda counters: counters.host_frames == 3)
        bench.first.setblocking(False)
        with pytest.raises(BlockingIOError):
            bench.first.recv(100)
    assert counted.transmit_drops() == {Reason.TOO_LONG: 1}
    assert counted.port(FIRST).sent_frames == 2


@both_twins
def test_300_batches_pass_one_after_the_other(kind):
    with running(kind, BROADCAST) as bench:
        for _ in range(300):
            bench.host.send(VNET + FRAME)
            bench.first.recv(100)
            bench.second.recv(100)
        assert bench.counted(lambda counters: counters.host_frames == 300).copies_frames == 300


@both_twins
def test_a_port_that_refuses_does_not_keep_a_broadcast_from_the_other(kind):
    with running(kind, BROADCAST) as bench:
        bench.first.close()
        bench.host.send(VNET + FRAME)
        assert bench.second.recv(100) == VNET + FRAME
        counted = bench.counted(lambda counters: counters.host_frames)
    assert counted.transmit_drops() == {Reason.PORT_REFUSED: 1}
    assert counted.port(SECOND).sent_frames == 1


# -- to the host


@both_twins
def test_a_frame_from_a_port_reaches_the_host_with_its_header(kind):
    packet = bytes(range(10)) + FRAME
    with running(kind, BROADCAST) as bench:
        for _ in range(3):
            bench.second.send(packet)
        assert [bench.host.recv(100) for _ in range(3)] == [packet] * 3
        counted = bench.stop()
    port = counted.port(SECOND)
    assert (port.received_frames, port.received_octets) == (3, 3 * len(FRAME))
    assert (port.delivered_frames, port.delivered_octets) == (3, 3 * len(FRAME))
    assert counted.receive_drops() == {}


SUPPRESSING = replace(BROADCAST, ports=(entry(FIRST, receive=Receive.SUPPRESS), entry(SECOND)))
ONLY_SECOND = replace(BROADCAST, ports=(entry(SECOND),), tx_ports=(SECOND,))


@both_twins
@pytest.mark.parametrize(
    ("packet", "table", "reason"),
    [
        pytest.param(VNET + FRAME[:13], BROADCAST, Reason.TOO_SHORT, id="13 octets"),
        pytest.param(VNET[:9], BROADCAST, Reason.TOO_SHORT, id="half a header"),
        pytest.param(VNET, BROADCAST, Reason.TOO_SHORT, id="a header alone"),
        pytest.param(VNET + FRAME, SUPPRESSING, Reason.SUPPRESSED, id="backup"),
        pytest.param(VNET + FRAME, ONLY_SECOND, Reason.UNKNOWN_PORT, id="not in the table"),
        pytest.param(VNET + MACS + bytes(65543), BROADCAST, Reason.TRUNCATED, id="one too long"),
    ],
)
def test_a_frame_that_the_host_does_not_get_has_a_reason(kind, packet, table, reason):
    with running(kind, table) as bench:
        bench.first.send(packet)
        counted = bench.counted(lambda counters: counters.port(FIRST).received_frames)
        bench.second.send(VNET + FRAME)
        assert bench.host.recv(100) == VNET + FRAME
    assert counted.receive_drops() == {reason: 1}
    assert counted.port(FIRST).received_octets == max(0, len(packet) - len(VNET))


@both_twins
def test_a_host_that_refuses_is_counted(kind):
    with running(kind, BROADCAST) as bench:
        bench.host.close()
        bench.first.send(VNET + FRAME)
        counted = bench.counted(lambda counters: counters.port(FIRST).received_frames)
    assert counted.receive_drops() == {Reason.HOST_REFUSED: 1}
    assert counted.port(FIRST).delivered_frames == 0


@both_twins
def test_the_longest_frame_from_a_port_is_delivered(kind):
    packet = VNET + MACS + bytes(65542)
    with running(kind, BROADCAST) as bench:
        bench.first.send(packet)
        assert bench.host.recv(1 << 17) == packet


# -- ports come and go


@both_twins
def test_a_removed_port_is_not_read_and_its_counts_stay_in_the_sums(kind):
    with running(kind, BROADCAST) as bench:
        bench.first.send(VNET + FRAME)
        bench.host.recv(100)
        bench.pump.remove_port(FIRST)
        bench.first.send(VNET + FRAME)
        bench.host.send(VNET + FRAME)
        assert bench.second.recv(100) == VNET + FRAME
        counted = bench.counted(lambda counters: counters.host_frames)
        assert bench.pairs[1][1].recv(100) == VNET + FRAME
    assert [port.ifindex for port in counted.ports] == [SECOND]
    assert (counted.departed.received_frames, counted.departed.delivered_frames) == (1, 1)
    assert counted.transmit_drops() == {Reason.UNKNOWN_PORT: 1}
    assert counted.totals()["received_frames"] == 1


@both_twins
def test_the_first_port_to_leave_leaves_the_others_in_place(kind):
    with running(kind, BROADCAST) as bench:
        bench.pump.remove_port(FIRST)
        bench.pump.add_port(FIRST, bench.pairs[1][1].fileno())
        assert [port.ifindex for port in bench.pump.counters().ports] == [SECOND, FIRST]
        bench.first.send(VNET + FRAME)
        assert bench.host.recv(100) == VNET + FRAME


@both_twins
def test_a_port_that_is_not_there_is_removed_without_ado(kind):
    with running(kind, BROADCAST) as bench:
        bench.pump.remove_port(4711)
        assert len(bench.pump.counters().ports) == 2


@both_twins
def test_a_stop_before_run_is_not_forgotten(kind):
    far, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with far, near:
        pump = PUMPS[kind](near.fileno(), seed=1)
        pump.stop()
        pump.run()
        pump.close()


@both_twins
def test_200_pumps_leave_no_descriptor_behind(kind):
    far, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with far, near:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            pump = PUMPS[kind](near.fileno(), seed=1)
            pump.add_port(FIRST, far.fileno())
            pump.publish(TO_FIRST)
            pump.close()
        assert len(os.listdir("/proc/self/fd")) == before
