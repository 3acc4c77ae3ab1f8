"""What does a probe look like on the wire? UDP to the echo port: flow and sequence number."""

import struct

ECHO_PORT = 7
"""RFC 862: the echo service."""
FIRST_FLOW_PORT = 40000
"""Source port of flow 0; flow n is sent from this port + n."""
PAYLOAD = struct.Struct("!4sIQ40x")
"""A mark, the flow, the sequence number (network byte order), and padding to 56 octets, which is
what ping sends."""
MARK = b"pyBd"


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
