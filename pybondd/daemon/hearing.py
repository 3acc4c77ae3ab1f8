"""What comes in for the bond itself, and how much of it may take our time?

Each port's socket is read when something waits in it, and once more before each pass of the LACP
machines and each tick of balance-alb, so that none sees an older world than the kernel's would.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pybondd.events import Event, PortFrame, PortFramesLost
from pybondd.linux.own_socket import OwnSocket

WINDOW_S = 0.1
"""One pass of the LACP machines (Linux 6.12 bond_3ad.h AD_TIMER_INTERVAL), one tick of
balance-alb (bond_alb.h ALB_TIMER_TICKS_PER_SEC)."""
MAX_FRAMES_PER_WINDOW = 64
"""Of one port. A partner that keeps the standard sends less than one; the machines take 32 a pass.
ARP that is not a storm is far below this too.
What a flood sends beyond that stays in the socket, whose room is small, and is dropped there by the
kernel, so that one port cannot take the time of the others."""


@dataclass(slots=True)
class _Ear:
    """One port's socket and what is left of its window. `rest` is set while it is not read."""

    socket: OwnSocket
    opened_s: float = 0.0
    frames_left: int = 0
    rest: asyncio.TimerHandle | None = None


class Hearing:
    """Reads the ports' sockets and feeds what they hear. Needs a running event loop."""

    def __init__(self, feed: Callable[[Event], object]) -> None:
        """`feed` is given one PortFrame or PortFramesLost at a time."""
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._ears: dict[int, _Ear] = {}

    def listen(self, to: OwnSocket) -> None:
        """Read from this socket; it stays the caller's, who calls `ignore` before closing it."""
        assert to.ifindex not in self._ears, "the port is heard already"
        self._ears[to.ifindex] = _Ear(to)
        self._loop.add_reader(to.fileno(), self._read, to.ifindex)

    def ignore(self, ifindex: int) -> None:
        """Never touch the socket of this interface again; what waits in it is lost."""
        ear = self._ears.pop(ifindex, None)
        if ear is None:
            return
        if ear.rest is not None:
            ear.rest.cancel()
        self._loop.remove_reader(ear.socket.fileno())

    def drain(self) -> None:
        """Hear all that has come until now, as far as the windows allow."""
        for ifindex, ear in tuple(self._ears.items()):
            if ear.rest is None:
                self._read(ifindex)

    def count_lost(self) -> None:
        """Tell of the frames that the kernel has dropped since this was asked last."""
        for ifindex, ear in tuple(self._ears.items()):
            lost = ear.socket.take_lost_count()
            if lost:
                self._feed(PortFramesLost(ifindex, lost))

    def _read(self, ifindex: int) -> None:
        ear = self._ears.get(ifindex)
        if ear is None:
            return  # An earlier frame in this very round has made the port leave.
        now_s = self._loop.time()
        if now_s >= ear.opened_s + WINDOW_S:
            ear.opened_s, ear.frames_left = now_s, MAX_FRAMES_PER_WINDOW
        while ear.frames_left and self._ears.get(ifindex) is ear:
            frame = ear.socket.receive()
            if frame is None:
                return
            ear.frames_left -= 1
            self._feed(PortFrame(ifindex, frame))
        if self._ears.get(ifindex) is ear:
            self._loop.remove_reader(ear.socket.fileno())
            ear.rest = self._loop.call_at(ear.opened_s + WINDOW_S, self._wake, ifindex)

    def _wake(self, ifindex: int) -> None:
        ear = self._ears[ifindex]
        ear.rest = None
        self._loop.add_reader(ear.socket.fileno(), self._read, ifindex)
