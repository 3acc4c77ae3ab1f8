"""How do frames get from the bond interface to the ports and back, frame by frame?

The readable twin of `pybondd._fast.Pump`: one system call and one decision a frame. It carries the
virtio-net header across unchanged, so that super-frames of 64 KB and unfinished checksums pass.
"""

import os
import select
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Final, Protocol

from pybondd._pure import TO_BOND, Forwarder
from pybondd.counters import Counters, PortTally, Reason
from pybondd.dispatch import Choice, choose
from pybondd.forwarding import ForwardingTable
from pybondd.linux.pump_port import (
    MAX_FRAME_OCTETS,
    VNET_HEADER_OCTETS,
    PumpPort,
    reason_of_refusal,
)
from pybondd.linux.punt_queue import PuntQueue
from pybondd.wire.ethernet import HEADER_OCTETS

BATCH_FRAMES: Final = 64
"""Frames moved from one descriptor before the others have their turn."""


class Pumps(Protocol):
    """Moves frames between a TAP and the ports; `run` in a thread of its own, the rest anywhere."""

    def add_port(self, ifindex: int, fd: int) -> None:
        """Move frames of this port too. `fd` stays the caller's and must stay open."""

    def remove_port(self, ifindex: int) -> None:
        """Leave the port alone: afterwards its descriptor is not touched. Unknown: nothing."""

    def publish(self, table: ForwardingTable) -> None:
        """Forward by this table from the next batch on.

        What waits to be read from `punted_fd` goes by it too, ahead of what comes later, so that a
        flow stays in order when its bucket gets an owner. To be called by whoever reads there.
        """

    def run(self) -> None:
        """Move frames until `stop`. What the world does wrong is counted, not raised."""

    def stop(self) -> None:
        """Let `run` return, now or as soon as it is called."""

    def counters(self) -> Counters:
        """What became of each frame, as of the end of a batch."""

    def take_load(self) -> tuple[tuple[int, ...], int]:
        """Octets sent since this was asked last: by bucket, and by the active port without one."""

    def punted_fd(self) -> int:
        """Where to read what is left to the bond; it stays the pump's. Never blocks.

        Each datagram is one frame of the host with its virtio-net header in front.
        """

    def close(self) -> None:
        """Give up what the pump itself has opened, after `run` has returned."""


def datapath() -> Choice:
    """The twin that `make_pump` takes."""
    return choose(wants_pure=os.environ.get("PYBONDD_PURE", "") == "1")


def make_pump(tap_fd: int, *, seed: int) -> Pumps:
    """A pump for this TAP, compiled if possible; the environment's PYBONDD_PURE=1 prevents it."""
    if datapath().kind == "pure":
        return Pump(tap_fd, seed=seed)
    compiled: Callable[..., Pumps] = import_module("pybondd._fast").Pump
    return compiled(tap_fd, seed=seed)


class Pump:
    """The pump in plain Python.

    Two locks make a batch atomic and keep others from starving: whoever wants to change something
    takes `_door` first, so that the moving thread, which lets go of `_world` after each batch,
    finds it shut and waits its turn.
    """

    def __init__(self, tap_fd: int, *, seed: int) -> None:
        self._tap_fd = tap_fd
        self._forwarder = Forwarder(seed)
        self._ports: dict[int, PumpPort] = {}
        self._by_fd: dict[int, PumpPort] = {}
        self._departed = PortTally(0)
        self._host_frames = self._host_octets = self._copies_frames = 0
        self._punted_frames = self._reclaimed_frames = 0
        self._host_drops = [0] * len(Reason)
        self._punt_queue = PuntQueue()
        self._door = threading.Lock()
        self._world = threading.Lock()
        self._stops = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll = select.epoll()
        self._epoll.register(self._wake, select.EPOLLIN)
        self._epoll.register(tap_fd, select.EPOLLIN)

    def add_port(self, ifindex: int, fd: int) -> None:
        """Move frames of this port too."""
        assert ifindex not in self._ports, "the port is already there"
        port = PumpPort(ifindex, fd)
        with self._door, self._world:
            self._ports[ifindex] = self._by_fd[fd] = port
            self._epoll.register(fd, select.EPOLLIN)

    def remove_port(self, ifindex: int) -> None:
        """Leave the port alone."""
        with self._door, self._world:
            port = self._ports.pop(ifindex, None)
            if port is None:
                return
            self._epoll.unregister(port.fd)
            del self._by_fd[port.fd]
            port.read_kernel_drops()
            port.close()
            self._departed.absorb(port.tally)

    def publish(self, table: ForwardingTable) -> None:
        """Forward by this table from the next batch on."""
        with self._door, self._world:
            self._forwarder.publish(table)
            for packet in self._punt_queue.take_all():
                self._reclaimed_frames += 1
                self._forward(packet)

    def stop(self) -> None:
        """Let `run` return."""
        self._stops = True
        os.eventfd_write(self._wake, 1)

    def take_load(self) -> tuple[tuple[int, ...], int]:
        """Octets sent since this was asked last."""
        with self._door, self._world:
            return self._forwarder.take_load()

    def punted_fd(self) -> int:
        """Where to read what is left to the bond."""
        return self._punt_queue.fileno()

    def close(self) -> None:
        """Close what was opened here, and what the ports hold."""
        for ifindex in tuple(self._ports):
            self.remove_port(ifindex)
        self._punt_queue.close()
        self._epoll.close()
        os.close(self._wake)

    def counters(self) -> Counters:
        """What became of each frame, as of the end of a batch."""
        with self._door, self._world:
            for port in self._ports.values():
                port.read_kernel_drops()
            return Counters(
                self._host_frames,
                self._host_octets,
                self._copies_frames,
                tuple(self._host_drops),
                tuple(port.tally.counters() for port in self._ports.values()),
                self._departed.counters(),
                self._punted_frames,
                self._reclaimed_frames,
            )

    def run(self) -> None:
        """Move frames until `stop`."""
        while not self._stops:
            for fd, ready in self._epoll.poll():
                with self._door:
                    self._world.acquire()
                try:
                    self._serve(fd, ready)
                finally:
                    self._world.release()

    def _serve(self, fd: int, ready: int) -> None:
        if fd == self._tap_fd:
            self._serve_host(ready)
        elif fd in self._by_fd:
            self._by_fd[fd].clear_error(ready)
            self._move_from_port(self._by_fd[fd])

    def _serve_host(self, ready: int) -> None:
        for _ in range(BATCH_FRAMES):
            try:
                packet = os.read(self._tap_fd, VNET_HEADER_OCTETS + MAX_FRAME_OCTETS + 1)
            except OSError as error:
                if not isinstance(error, BlockingIOError) and ready & ~select.EPOLLIN:
                    # The interface was deleted: no frame comes again, and epoll would not rest.
                    self._epoll.unregister(self._tap_fd)
                return
            self._from_host(packet)

    def _from_host(self, packet: bytes) -> None:
        """The compiled twin's from_host: count what is no frame to choose for."""
        size_octets = len(packet) - VNET_HEADER_OCTETS
        self._host_frames += 1
        self._host_octets += size_octets
        if size_octets < HEADER_OCTETS:
            self._host_drops[Reason.TOO_SHORT] += 1
        elif size_octets > MAX_FRAME_OCTETS:
            self._host_drops[Reason.TRUNCATED] += 1
        else:
            self._forward(packet)

    def _forward(self, packet: bytes) -> None:
        """Choose, send, count."""
        header, frame = packet[:VNET_HEADER_OCTETS], packet[VNET_HEADER_OCTETS:]
        chosen = self._forwarder.select(frame, 0)
        if not chosen:
            self._host_drops[Reason.NO_PORT] += 1
            return
        if chosen == TO_BOND:
            self._punt(packet)
            return
        self._copies_frames += len(chosen) - 1
        for ifindex in chosen:
            self._send(ifindex, header, frame)

    def _punt(self, packet: bytes) -> None:
        if self._punt_queue.put(packet):
            self._punted_frames += 1
        else:
            self._host_drops[Reason.PUNT_FULL] += 1

    def _send(self, ifindex: int, header: bytes, frame: bytes) -> None:
        port = self._ports.get(ifindex)
        if port is None:
            self._host_drops[Reason.UNKNOWN_PORT] += 1
            return
        try:
            os.writev(port.fd, (header, self._forwarder.as_sent(ifindex, frame)))
        except OSError as error:
            port.tally.transmit_drops[reason_of_refusal(error)] += 1
        else:
            port.tally.sent(len(frame))

    def _move_from_port(self, port: PumpPort) -> None:
        for _ in range(BATCH_FRAMES):
            packet = port.receive()
            if packet is None:
                return
            self._from_port(port, packet)

    def _from_port(self, port: PumpPort, packet: bytes) -> None:
        header, frame = packet[:VNET_HEADER_OCTETS], packet[VNET_HEADER_OCTETS:]
        port.tally.received(len(frame))
        reason = (
            Reason.TRUNCATED
            if len(frame) > MAX_FRAME_OCTETS
            else self._forwarder.classify(port.ifindex, frame)
        )
        if reason is None:
            reason = self._deliver(header, self._forwarder.as_delivered(port.ifindex, frame))
        if reason is None:
            port.tally.delivered(len(frame))
        else:
            port.tally.receive_drops[reason] += 1

    def _deliver(self, header: bytes, frame: bytes) -> Reason | None:
        try:
            os.writev(self._tap_fd, (header, frame))
        except OSError:
            return Reason.HOST_REFUSED
        return None
