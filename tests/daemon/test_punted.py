"""What the packet path leaves to the bond is handed over whole, in order, and in portions."""

import asyncio
import socket
from contextlib import contextmanager

from pybondd.daemon.punted import MAX_FRAMES_PER_TURN, Punted
from pybondd.events import HostFrame, HostFrames

OFFLOAD = bytes(range(10))


@contextmanager
def punted(feed):
    """The packet path's end of a Punted that feeds this, and the Punted."""
    far, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    near.setblocking(False)
    reader = Punted(feed)
    reader.fd = near.fileno()
    reader.listen(reader.fd)
    try:
        yield far, reader
    finally:
        reader.ignore()
        far.close()
        near.close()


async def test_a_frame_is_parted_from_what_it_takes_to_finish_it():
    events: asyncio.Queue = asyncio.Queue()
    with punted(events.put_nowait) as (far, _):
        far.send(OFFLOAD + b"frame")
        async with asyncio.timeout(5):
            assert await events.get() == HostFrames((HostFrame(b"frame", OFFLOAD),))


async def test_what_waits_is_one_event_in_its_order():
    events: asyncio.Queue = asyncio.Queue()
    with punted(events.put_nowait) as (far, _):
        for number in range(5):
            far.send(OFFLOAD + bytes([number]))
        async with asyncio.timeout(5):
            came = await events.get()
    assert [each.frame for each in came.frames] == [bytes([number]) for number in range(5)]


async def test_a_flood_lets_others_have_their_turn_between_two_portions():
    order: asyncio.Queue = asyncio.Queue()

    def take(event):
        order.put_nowait(len(event.frames))
        asyncio.get_running_loop().call_soon(order.put_nowait, "another")

    with punted(take) as (far, _):
        for _ in range(MAX_FRAMES_PER_TURN + 1):
            far.send(OFFLOAD)
        async with asyncio.timeout(5):
            came = [await order.get() for _ in range(3)]
    assert came == [MAX_FRAMES_PER_TURN, "another", 1]


async def test_who_ignores_the_packet_path_leaves_its_frames_to_others():
    unheard: asyncio.Queue = asyncio.Queue()
    heard: asyncio.Queue = asyncio.Queue()
    with punted(unheard.put_nowait) as (far, reader):
        reader.ignore()
        reader.ignore()
        other = Punted(heard.put_nowait)
        other.listen(reader.fd)
        far.send(OFFLOAD + b"frame")
        async with asyncio.timeout(5):
            await heard.get()
        other.ignore()
    assert unheard.empty()
