"""What the bond itself hears is read in order, and a flood on one port costs no other time."""

import asyncio
import socket
from contextlib import contextmanager

from pybondd.daemon.hearing import MAX_FRAMES_PER_WINDOW, Hearing
from pybondd.events import PortFrame, PortFramesLost


class Wire:
    """A port's socket, with its other end in the test's hand."""

    def __init__(self, ifindex: int) -> None:
        self.ifindex = ifindex
        self.lost = 0
        self._near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._near.setblocking(False)
        self.fileno = self._near.fileno

    def say(self, *frames: bytes) -> None:
        for frame in frames:
            self._far.send(frame)

    def receive(self) -> bytes | None:
        try:
            return self._near.recv(256)
        except BlockingIOError:
            return None

    def take_lost_count(self) -> int:
        lost, self.lost = self.lost, 0
        return lost

    def close(self) -> None:
        self._near.close()
        self._far.close()


@contextmanager
def hearing(*ifindices: int):
    """Ears on such ports, and the events that came of them."""
    wires = [Wire(ifindex) for ifindex in ifindices]
    events: asyncio.Queue = asyncio.Queue()
    ears = Hearing(events.put_nowait)
    for wire in wires:
        ears.listen(wire)
    try:
        yield ears, events, *wires
    finally:
        for wire in wires:
            ears.ignore(wire.ifindex)
            wire.close()


def taken(events: asyncio.Queue) -> list:
    return [events.get_nowait() for _ in range(events.qsize())]


async def test_a_frame_is_heard_when_it_comes():
    with hearing(7) as (_, events, wire):
        wire.say(b"hello")
        async with asyncio.timeout(5):
            assert await events.get() == PortFrame(7, b"hello")


async def test_what_waits_can_be_heard_at_once_and_in_order():
    with hearing(7, 8) as (ears, events, left, right):
        left.say(b"1", b"2")
        right.say(b"3")
        ears.drain()
        assert taken(events) == [PortFrame(7, b"1"), PortFrame(7, b"2"), PortFrame(8, b"3")]


async def test_a_flood_is_cut_off_and_the_other_port_is_heard():
    with hearing(7, 8) as (ears, events, left, right):
        left.say(*[b"flood"] * (MAX_FRAMES_PER_WINDOW + 10))
        right.say(b"calm")
        ears.drain()
        ears.drain()
        heard = taken(events)
        assert heard.count(PortFrame(7, b"flood")) == MAX_FRAMES_PER_WINDOW
        assert heard.count(PortFrame(8, b"calm")) == 1


async def test_a_port_is_heard_again_in_the_next_window():
    with hearing(7) as (_, events, wire):
        wire.say(*[b"flood"] * (MAX_FRAMES_PER_WINDOW + 10))
        async with asyncio.timeout(5):
            heard = [await events.get() for _ in range(MAX_FRAMES_PER_WINDOW + 10)]
        assert heard == [PortFrame(7, b"flood")] * (MAX_FRAMES_PER_WINDOW + 10)


async def test_frames_of_a_port_that_leaves_because_of_the_first_are_not_touched():
    with hearing(7) as (ears, events, wire):
        leaving = Hearing(lambda event: (events.put_nowait(event), leaving.ignore(7)))
        ears.ignore(7)
        leaving.listen(wire)
        wire.say(b"1", b"2")
        leaving.drain()
        assert taken(events) == [PortFrame(7, b"1")]


async def test_a_port_that_rests_can_leave():
    with hearing(7) as (ears, events, wire):
        wire.say(*[b"flood"] * (MAX_FRAMES_PER_WINDOW + 1))
        ears.drain()
        ears.ignore(7)
        ears.ignore(7)
        ears.listen(wire)
        ears.drain()
        assert len(taken(events)) == MAX_FRAMES_PER_WINDOW + 1


async def test_frames_that_the_kernel_dropped_are_told_once():
    with hearing(7, 8) as (ears, events, wire, _):
        wire.lost = 300
        ears.count_lost()
        ears.count_lost()
        assert taken(events) == [PortFramesLost(7, 300)]
