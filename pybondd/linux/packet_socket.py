"""A port's packet socket: sees and sends whole frames, virtio-net header in front."""

import errno
import socket
import struct

from pybondd.linux import raw_socket, socket_filter
from pybondd.linux.errors import asking

VNET_HEADER = bytes(10)
"""A virtio-net header that promises nothing: checksums complete, one frame."""

# Options of Linux uapi if_packet.h.
_AUXDATA = 8
_VNET_HEADER = 15
_PROMISCUOUS = 1
_ALL_MULTICAST = 2

_RECEIVE_BUFFER_FORCE = 33
_SEND_BUFFER_FORCE = 32
BUFFER_SIZE_OCTETS = 4 << 20
"""Room for about 60 super-frames of 64 KB: some milliseconds at 10 Gbit/s while Python is busy."""


class PortSocket:
    """A raw packet socket on one interface, deaf to what leaves it, hearing all multicast.

    Non-blocking. Every frame has a virtio-net header of 10 octets in front, and a VLAN tag that
    the kernel took out is in the auxiliary data. Multicast and promiscuous reception are
    memberships: the kernel takes them back when the socket closes, also after SIGKILL. Raises
    LinuxError: EPERM without CAP_NET_RAW, ENODEV if the interface is gone. `program` says what it
    may hear, None is everything.
    """

    def __init__(self, ifindex: int, program: socket_filter.Program | None = None) -> None:
        self.ifindex = ifindex
        self._program = program
        with asking(f"open a packet socket for interface {ifindex}"):
            self._socket = raw_socket.open_deaf()
        try:
            self._configure()
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to read and write frames with."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop hearing; memberships end."""
        self._socket.close()

    def send(self, frame: bytes, offload: bytes = VNET_HEADER) -> None:
        """Send one frame, Ethernet header first, no FCS. Raises LinuxError.

        `offload` is the virtio-net header that says how to finish it. ENOBUFS or EAGAIN: the queue
        is full and the frame is dropped; ENETDOWN: the port is down.
        """
        with asking(f"send a frame of {len(frame)} octets on interface {self.ifindex}"):
            self._socket.send(offload + frame)

    def set_promiscuous(self, is_promiscuous: bool) -> None:
        """Hear every destination, or only the port's own, broadcast and all multicast."""
        request = raw_socket.ADD_MEMBERSHIP if is_promiscuous else raw_socket.DROP_MEMBERSHIP
        with asking(f"set promiscuous reception of interface {self.ifindex}"):
            try:
                self._member(request, _PROMISCUOUS)
            except OSError as error:
                if is_promiscuous or error.errno != errno.EADDRNOTAVAIL:
                    raise  # leaving what one never joined is no error

    def _configure(self) -> None:
        with asking(f"prepare the packet socket of interface {self.ifindex}"):
            self._socket.setsockopt(raw_socket.SOL_PACKET, _VNET_HEADER, 1)
            self._socket.setsockopt(raw_socket.SOL_PACKET, _AUXDATA, 1)
            self._socket.setsockopt(raw_socket.SOL_PACKET, raw_socket.IGNORE_OUTGOING, 1)
            grow_buffer(self._socket, _RECEIVE_BUFFER_FORCE, socket.SO_RCVBUF)
            grow_buffer(self._socket, _SEND_BUFFER_FORCE, socket.SO_SNDBUF)
            self._member(raw_socket.ADD_MEMBERSHIP, _ALL_MULTICAST)
            if self._program is not None:
                socket_filter.attach(self._program, self._socket)
            raw_socket.listen(self._socket, self.ifindex)

    def _member(self, request: int, kind: int) -> None:
        membership = struct.pack("=iHH8s", self.ifindex, kind, 0, b"")
        self._socket.setsockopt(raw_socket.SOL_PACKET, request, membership)


def grow_buffer(which: socket.socket, force: int, plain: int) -> None:
    """Ask for a large buffer: beyond the system's bound if we may, else up to it."""
    try:
        which.setsockopt(socket.SOL_SOCKET, force, BUFFER_SIZE_OCTETS)
    except PermissionError:
        which.setsockopt(socket.SOL_SOCKET, plain, BUFFER_SIZE_OCTETS)
