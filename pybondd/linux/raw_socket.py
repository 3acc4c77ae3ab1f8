"""How is a packet socket opened so that it never hears what it should not?"""

import socket
from typing import Final

SOL_PACKET: Final = 263
"""Linux socket.h; the socket module lacks it."""
ADD_MEMBERSHIP: Final = 1
DROP_MEMBERSHIP: Final = 2
IGNORE_OUTGOING: Final = 23
"""Options of Linux uapi if_packet.h."""
_EVERY_PROTOCOL = 3


def open_deaf() -> socket.socket:
    """A non-blocking raw packet socket that hears nothing yet. Raises OSError.

    It has protocol 0 until it listens, so no frame of another interface slips in, and none that a
    filter set in between would keep out.
    """
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    return socket.socket(socket.AF_PACKET, kind, 0)


def listen(which: socket.socket, ifindex: int) -> None:
    """Hear this interface from now on. Raises OSError, ENODEV if it is gone.

    Every protocol: a socket for one EtherType comes after the filter that keeps the host deaf.
    """
    # bind wants a name, which may change at any moment; the name of an index is asked for and
    # used at once, and a rename in between ends in ENODEV.
    which.bind((socket.if_indextoname(ifindex), _EVERY_PROTOCOL))
    # An interface that is down leaves ENETDOWN waiting for the first reader. It is no news.
    which.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
