"""What does a probe look like on the wire? UDP to the echo port: flow and sequence number."""

import socket
import struct
from contextlib import suppress

ECHO_PORT = 7
"""RFC 862: the echo service."""
FIRST_FLOW_PORT = 40000
"""Source port of flow 0; flow n is sent from this port + n."""
PAYLOAD = struct.Struct("!4sIQ40x")
"""A mark, the flow, the sequence number (network byte order), and padding to 56 octets, which is
what ping sends."""
MARK = b"pyBd"


RECEIVE_BUFFER_OCTETS = 4 << 20
"""Room for a second of probes and more, so that a process of ours that has to wait for a busy
machine does not lose what the bond delivered."""
SO_RCVBUFFORCE = 33
"""asm-generic/socket.h; beyond net.core.rmem_max, for root of the first user namespace only."""


def give_room(receiver: socket.socket) -> None:
    """Let a socket hold RECEIVE_BUFFER_OCTETS, or as much as this system grants."""
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
    with suppress(PermissionError):
        receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)


def payload_of(flow: int, sequence: int) -> bytes:
    """The datagram's content."""
    return PAYLOAD.pack(MARK, flow, sequence)


def sequence_in(payload: bytes) -> int | None:
    """The sequence number, or None if this is no probe."""
    if len(payload) != PAYLOAD.size or not payload.startswith(MARK):
        return None
    sequence: int = PAYLOAD.unpack(payload)[2]
    return sequence


def sequence_in_frame(frame: bytes) -> int | None:
    """The sequence number in an untagged Ethernet frame, or None if it carries no probe.

    An IPv4 header without options is 20 octets, so the payload begins at 14 + 20 + 8.
    """
    return sequence_in(frame[42 : 42 + PAYLOAD.size])
