"""How does a frame get to the bond that the table has no port for?"""

import contextlib
import socket
from typing import Final

from pybondd.linux.packet_socket import grow_buffer
from pybondd.linux.pump_port import MAX_FRAME_OCTETS, VNET_HEADER_OCTETS

_SEND_BUFFER_FORCE: Final = 32
"""SO_SNDBUFFORCE of Linux uapi socket.h."""
PACKET_ROOM_OCTETS: Final = VNET_HEADER_OCTETS + MAX_FRAME_OCTETS


class PuntQueue:
    """A pair of datagram sockets: the moving thread puts in, the bond takes out, neither waits.

    There is room for some sixty super-frames of 64 KB, about a TCP window: what a flow sends in the
    milliseconds that the bond needs to find it a port.
    """

    def __init__(self) -> None:
        self._entrance, self._exit = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._entrance, self._exit):
            end.setblocking(False)
        # What lies in the queue is charged to whoever sent it.
        grow_buffer(self._entrance, _SEND_BUFFER_FORCE, socket.SO_SNDBUF)

    def fileno(self) -> int:
        """Where to take out: one datagram a frame."""
        return self._exit.fileno()

    def put(self, packet: bytes) -> bool:
        """Leave a virtio-net header and a frame to the bond; False if there is no room."""
        try:
            self._entrance.send(packet)
        except OSError:
            return False
        return True

    def take_all(self) -> list[bytes]:
        """What the bond has not taken out, oldest first."""
        taken = []
        with contextlib.suppress(BlockingIOError):
            while True:
                taken.append(self._exit.recv(PACKET_ROOM_OCTETS))
        return taken

    def close(self) -> None:
        """Give both ends up, and what lies between them."""
        self._entrance.close()
        self._exit.close()
