"""What does the packet path leave to the bond, and how much of it may take our time?

ARP of the host in balance-alb, and what belongs to a bucket without an owner. What waits is handed
over as one event, so that 256 new buckets cost a few tables, not 256.
"""

import asyncio
import os
from collections.abc import Callable, Iterator

from pybondd.events import HostFrame, HostFrames
from pybondd.linux.packet_socket import VNET_HEADER

MAX_FRAMES_PER_TURN = 64
"""Handed over before timers and other descriptors have their turn: 64 take about 5 ms."""
ROOM_OCTETS = 1 << 17
"""More than a super-frame of 64 KB with its headers."""


class Punted:
    """Reads what the packet path puts there and feeds it. Needs a running event loop."""

    def __init__(self, feed: Callable[[HostFrames], object]) -> None:
        """`feed` is given what waits, at most MAX_FRAMES_PER_TURN at a time."""
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = None

    def listen(self, fd: int) -> None:
        """Read from this datagram socket, which does not block; it stays the caller's."""
        self._fd = fd
        self._loop.add_reader(fd, self._read, fd)

    def ignore(self) -> None:
        """Never touch the socket again; what waits in it is lost."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._fd = None

    def _read(self, fd: int) -> None:
        """The loop calls again at its next turn if more waits."""
        frames = tuple(_waiting(fd))
        if frames:
            self._feed(HostFrames(frames))


def _waiting(fd: int) -> Iterator[HostFrame]:
    for _ in range(MAX_FRAMES_PER_TURN):
        try:
            datagram = os.read(fd, ROOM_OCTETS)
        except BlockingIOError:
            return
        yield HostFrame(datagram[len(VNET_HEADER) :], datagram[: len(VNET_HEADER)])
