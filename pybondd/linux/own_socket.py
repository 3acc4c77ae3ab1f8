"""How does the bond itself hear and speak by one port? By a socket that carries nothing else.

On a socket shared with data, LACPDUs wait behind the data and are lost with it: under 300 000
frames/s such a socket saw 23 of 40, one of their own saw all. And what it hears does not depend on
what the port delivers to the host: Linux looks at ARP before it looks at the port's role.
"""

import socket
import struct
from typing import Final

from pybondd.effects import Hears
from pybondd.linux import raw_socket, socket_filter
from pybondd.linux.errors import asking
from pybondd.wire.slow import SLOW_ADDRESS

HEARD_OCTETS: Final = 256
"""Kept of a frame. LACPDUs and Markers have 124, ARP has 42; the rest only shows that something
followed."""
ROOM_OCTETS: Final = 64 << 10
"""Asked for; Linux gives twice as much, room for about 100 frames. A partner that keeps the
standard sends three a second, so this is more than we may sleep, and a flood is cut off here."""

# Options of Linux uapi if_packet.h.
_STATISTICS = 6
_MULTICAST = 0
_CONTROL_PRIORITY = 7
"""TC_PRIO_CONTROL: the first band of Linux's default queue, as the kernel's own LACPDUs have it."""


class OwnSocket:
    """What of one interface is for the bond itself; frames start at the Ethernet header, no FCS.

    Non-blocking. A VLAN tag has been taken out of what is received. Raises LinuxError: EPERM
    without CAP_NET_RAW, ENODEV if the interface is gone.
    """

    def __init__(self, ifindex: int, hears: Hears = Hears.LACP) -> None:
        self.ifindex = ifindex
        self._hears = hears
        with asking(f"open a socket for {hears.value} on interface {ifindex}"):
            self._socket = raw_socket.open_deaf()
        try:
            self._configure()
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait for frames with."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop hearing; the membership ends."""
        self._socket.close()

    def send(self, frame: bytes) -> None:
        """Send one frame ahead of all data. Raises LinuxError.

        ENOBUFS or EAGAIN: the queue is full and the frame is dropped; ENETDOWN: the port is down.
        """
        with asking(f"send a frame of {len(frame)} octets on interface {self.ifindex}"):
            self._socket.send(frame)

    def receive(self) -> bytes | None:
        """The next frame, at most HEARD_OCTETS of it; None if none waits or the port is down."""
        try:
            return self._socket.recv(HEARD_OCTETS)
        except OSError:
            return None

    def take_lost_count(self) -> int:
        """Frames that found no room here since this was asked last; 0 if the port is gone."""
        try:
            counted = self._socket.getsockopt(raw_socket.SOL_PACKET, _STATISTICS, 8)
        except OSError:
            return 0
        _, lost = struct.unpack("=II", counted)
        return int(lost)

    def _configure(self) -> None:
        with asking(f"prepare the socket for {self._hears.value} on interface {self.ifindex}"):
            self._socket.setsockopt(raw_socket.SOL_PACKET, raw_socket.IGNORE_OUTGOING, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_OCTETS)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, _CONTROL_PRIORITY)
            if self._hears is Hears.LACP:
                self._join_group(SLOW_ADDRESS)
            socket_filter.attach(_HEARD[self._hears], self._socket)
            raw_socket.listen(self._socket, self.ifindex)

    def _join_group(self, group: bytes) -> None:
        """A driver may keep a group from us that nobody has joined; broadcast it never does."""
        membership = struct.pack("=iHH8s", self.ifindex, _MULTICAST, len(group), group)
        self._socket.setsockopt(raw_socket.SOL_PACKET, raw_socket.ADD_MEMBERSHIP, membership)


_HEARD: Final = {
    Hears.LACP: socket_filter.SLOW_PROTOCOLS_ONLY,
    Hears.ARP: socket_filter.ARP_ONLY,
    Hears.PROBES: socket_filter.ARP_AND_NEIGHBOURS,
}
