"""The obvious bond in Python: one system call a frame, no batches, no virtio-net headers.

Without those headers nobody may leave segmentation or checksums to us, so the TAP has no offloads:
the baseline that `make bench` compares with. "naive" asks which descriptor is ready and moves one
frame, as anybody would write it first; "drained" is as quick as this design lets Python be, and
moves up to 64 frames before it asks again.
"""

import os
import select
import socket

import pytun

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
BATCH_FRAMES = {"naive": 1, "drained": 64}
ROOM_OCTETS = 65536


class NaiveBond:
    """Active-backup with one port that never fails."""

    def __init__(self, name, port, *, batch_frames):
        self.batch_frames = batch_frames
        self.tap = pytun.TunTapDevice(name=name, flags=pytun.IFF_TAP | pytun.IFF_NO_PI)
        os.set_blocking(self.tap.fileno(), False)
        self.port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        # The same room as pybondd's ports have.
        self.port.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)
        self.port.setsockopt(socket.SOL_SOCKET, 32, 4 << 20)
        self.port.bind((port, ETH_P_ALL))
        self.port.setblocking(False)

    def run(self):
        tap, port = self.tap.fileno(), self.port.fileno()
        poll = select.poll()
        poll.register(tap, select.POLLIN)
        poll.register(port, select.POLLIN)
        other = {tap: port, port: tap}
        while True:
            for fd, _ in poll.poll():
                move(fd, other[fd], self.batch_frames)


def move(source, sink, batch_frames):
    read, write = os.read, os.write
    for _ in range(batch_frames):
        try:
            frame = read(source, ROOM_OCTETS)
        except OSError:
            return
        try:
            write(sink, frame)
        except OSError:
            continue
