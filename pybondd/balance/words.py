"""Which numbers of a packet take part in the transmit hash?

Addresses, ports and the ICMP word enter the hash as raw wire octets read by a little-endian
machine, because Linux xors them without putting them in order first (Linux 6.12 bond_main.c
bond_ip_hash). A big-endian kernel therefore spreads differently; we compute what x86 and arm64 do,
on every machine.
"""

from typing import Final

from pybondd.wire import protocols

PORTS_AT_START: Final = frozenset(
    {
        protocols.TCP,
        protocols.UDP,
        protocols.DCCP,
        protocols.ESP,
        protocols.SCTP,
        protocols.UDP_LITE,
    }
)
"""Protocols whose first four octets tell flows apart: two ports, or ESP's security index."""

AUTHENTICATION_INDEX_OFFSET: Final = 4
"""AH keeps its security index behind next header, length and two reserved octets (RFC 4302 2)."""

ICMP_HEADER_OCTETS: Final = 8
TYPES_WITH_IDENTIFIER: Final = frozenset({0, 8, 13, 14, 128, 129})
"""Echo and timestamp of ICMP, echo of ICMPv6. Linux asks for the number only, not for the family
(Linux 6.12 flow_dissector.c icmp_has_id)."""


def has(frame: bytes, offset: int, size_octets: int) -> bool:
    """Whether the frame holds `size_octets` at `offset`."""
    return offset + size_octets <= len(frame)


def be16(frame: bytes, offset: int) -> int:
    """Two octets as the network means them."""
    return int.from_bytes(frame[offset : offset + 2], "big")


def le32(frame: bytes, offset: int) -> int:
    """Four octets as a little-endian machine reads them."""
    return int.from_bytes(frame[offset : offset + 4], "little")


def ipv4_addresses(frame: bytes, header: int) -> int:
    """Source xor destination of the IPv4 header at `header`."""
    return le32(frame, header + 12) ^ le32(frame, header + 16)


def ipv6_addresses(frame: bytes, header: int) -> int:
    """All eight words of both addresses of the IPv6 header at `header`, xored."""
    word = 0
    for i in range(8):
        word ^= le32(frame, header + 8 + 4 * i)
    return word


def ports_word(frame: bytes, protocol: int, offset: int) -> int:
    """Both ports, or the security index of ESP and AH; 0 if there is none or it is cut off.

    Linux 6.12 flow_dissector.c __skb_flow_get_ports and include/linux/ip.h proto_ports_offset.
    """
    if protocol == protocols.AUTHENTICATION:
        offset += AUTHENTICATION_INDEX_OFFSET
    elif protocol not in PORTS_AT_START:
        return 0
    return le32(frame, offset) if has(frame, offset, 4) else 0


def icmp_word(frame: bytes, offset: int) -> int:
    """Type, code and identifier of a message that has an identifier; 0 otherwise.

    An identifier of 0 counts as 1, since 0 means "none" (Linux 6.12 flow_dissector.c
    skb_flow_get_icmp_tci). A message without one adds nothing to the hash, not even its type.
    """
    if not has(frame, offset, ICMP_HEADER_OCTETS) or frame[offset] not in TYPES_WITH_IDENTIFIER:
        return 0
    identifier = be16(frame, offset + 4) or 1
    return frame[offset] | frame[offset + 1] << 8 | identifier << 16
