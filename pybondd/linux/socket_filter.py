"""Which frames may a packet socket hear? Classic BPF programs that the kernel runs for each.

A frame that the program refuses costs neither a copy nor room in the socket. Offsets count from the
Ethernet header, also where a virtio-net header will be put in front, and a VLAN tag has been taken
out already (Linux net/packet/af_packet.c packet_rcv, tpacket_rcv).
"""

import ctypes
import socket
import struct
from typing import Final, TypeAlias

from pybondd.wire.ethernet import HEADER_OCTETS
from pybondd.wire.ethertypes import ARP, IPV6, SLOW
from pybondd.wire.ip import IPV6_HEADER_OCTETS
from pybondd.wire.neighbour import ADVERTISEMENT, SOLICITATION
from pybondd.wire.protocols import ICMPV6
from pybondd.wire.slow import PDU_OCTETS, SLOW_ADDRESS, Subtype

Program: TypeAlias = tuple[bytes, ...]

_ATTACH_FILTER = 26
_INSTRUCTION = struct.Struct("=HBBI")
"""struct sock_filter: operation, how many to skip if true, how many if false, operand."""

# Operations of Linux uapi bpf_common.h.
_LOAD_WORD, _LOAD_HALF, _LOAD_OCTET, _LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
_IS_EQUAL, _IS_AT_LEAST = 0x15, 0x35
_RETURN = 0x06
_WHOLE = 0xFFFFFFFF
"""How many octets of an accepted frame are kept."""

_ETHERTYPE_OFFSET = 12
_NEXT_HEADER_OFFSET = HEADER_OCTETS + 6
_ICMPV6_TYPE_OFFSET = HEADER_OCTETS + IPV6_HEADER_OCTETS
_UPPER_ADDRESS = int.from_bytes(SLOW_ADDRESS[:4], "big")
_LOWER_ADDRESS = int.from_bytes(SLOW_ADDRESS[4:], "big")


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return _INSTRUCTION.pack(operation, if_true, if_false, operand)


SLOW_PROTOCOLS_ONLY: Final[Program] = (
    _step(_LOAD_HALF, _ETHERTYPE_OFFSET),
    _step(_IS_EQUAL, SLOW, if_false=5),
    _step(_LOAD_WORD, 0),
    _step(_IS_EQUAL, _UPPER_ADDRESS, if_false=3),
    _step(_LOAD_HALF, 4),
    _step(_IS_EQUAL, _LOWER_ADDRESS, if_false=1),
    _step(_RETURN, _WHOLE),
    _step(_RETURN, 0),
)
"""What is addressed to the slow protocols, of any length and subtype."""

ARP_ONLY: Final[Program] = (
    _step(_LOAD_HALF, _ETHERTYPE_OFFSET),
    _step(_IS_EQUAL, ARP, if_false=1),
    _step(_RETURN, _WHOLE),
    _step(_RETURN, 0),
)
"""ARP to and from anybody, sound or not."""

ARP_AND_NEIGHBOURS: Final[Program] = (
    _step(_LOAD_HALF, _ETHERTYPE_OFFSET),
    _step(_IS_EQUAL, ARP, if_true=6),
    _step(_IS_EQUAL, IPV6, if_false=6),
    _step(_LOAD_OCTET, _NEXT_HEADER_OFFSET),
    _step(_IS_EQUAL, ICMPV6, if_false=4),
    _step(_LOAD_OCTET, _ICMPV6_TYPE_OFFSET),
    _step(_IS_EQUAL, SOLICITATION, if_true=1),
    _step(_IS_EQUAL, ADVERTISEMENT, if_false=1),
    _step(_RETURN, _WHOLE),
    _step(_RETURN, 0),
)
"""ARP, and who has which IPv6 address, to and from anybody. Extension headers hide the latter, from
Linux's bonds as well (6.12 bond_main.c bond_na_rcv)."""

ALL_BUT_LACP: Final[Program] = (
    _step(_LOAD_HALF, _ETHERTYPE_OFFSET),
    _step(_IS_EQUAL, SLOW, if_false=9),
    _step(_LOAD_WORD, 0),
    _step(_IS_EQUAL, _UPPER_ADDRESS, if_false=7),
    _step(_LOAD_HALF, 4),
    _step(_IS_EQUAL, _LOWER_ADDRESS, if_false=5),
    _step(_LOAD_LENGTH, 0),
    _step(_IS_AT_LEAST, HEADER_OCTETS + PDU_OCTETS, if_false=3),
    _step(_LOAD_OCTET, HEADER_OCTETS),
    _step(_IS_EQUAL, Subtype.LACP, if_true=2),
    _step(_IS_EQUAL, Subtype.MARKER, if_true=1),
    _step(_RETURN, _WHOLE),
    _step(_RETURN, 0),
)
"""All that the host may get of a port that speaks LACP: not LACPDUs and Markers, but slow protocols
that we do not know, and what is too short. Linux 6.12 bond_3ad.c bond_3ad_rx_indication."""


def attach(program: Program, receiver: socket.socket) -> None:
    """Let the socket hear only what the program accepts. Raises OSError."""
    instructions = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: a count and a pointer, each at its own alignment.
    described = struct.pack("HP", len(program), ctypes.addressof(instructions))
    receiver.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, described)
