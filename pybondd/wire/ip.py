"""From whom to whom? The headers of IPv4 (RFC 791) and IPv6 (RFC 8200)."""

from dataclasses import dataclass
from typing import Final

from pybondd.wire.checksum import internet_checksum
from pybondd.wire.error import check, need

IPV4_HEADER_OCTETS: Final = 20
IPV6_HEADER_OCTETS: Final = 40

DONT_FRAGMENT: Final = 0x4000
MORE_FRAGMENTS: Final = 0x2000
FRAGMENT_OFFSET: Final = 0x1FFF
ROUTER_ALERT4: Final = bytes.fromhex("94040000")
"""RFC 2113: every router on the way looks at the packet."""


@dataclass(frozen=True, slots=True)
class Ipv4:
    """An IPv4 header and what it carries. Addresses have 4 octets; `options` a multiple of 4."""

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    time_to_live: int = 64
    service: int = 0
    identification: int = 0
    fragment: int = 0
    """The 16-bit word of flags and fragment offset."""
    options: bytes = b""


def parse_ipv4(packet: bytes) -> Ipv4:
    """The packet behind an Ethernet header; padding after its total length is ignored.

    Raises WireError if it is cut off, has another version, a bad length or a bad checksum.
    """
    need(packet, IPV4_HEADER_OCTETS, "IPv4 header")
    header_octets = 4 * (packet[0] & 0x0F)
    total_octets = int.from_bytes(packet[2:4], "big")
    check(packet[0] >> 4 == 4, "IPv4: version")
    check(IPV4_HEADER_OCTETS <= header_octets <= total_octets, "IPv4: header length")
    need(packet, total_octets, "IPv4 packet")
    check(internet_checksum(packet[:header_octets]) == 0, "IPv4: header checksum")
    return Ipv4(
        source=packet[12:16],
        destination=packet[16:20],
        protocol=packet[9],
        payload=packet[header_octets:total_octets],
        time_to_live=packet[8],
        service=packet[1],
        identification=int.from_bytes(packet[4:6], "big"),
        fragment=int.from_bytes(packet[6:8], "big"),
        options=packet[IPV4_HEADER_OCTETS:header_octets],
    )


def build_ipv4(packet: Ipv4) -> bytes:
    """Header with checksum, and payload; the inverse of parse_ipv4."""
    header_octets = IPV4_HEADER_OCTETS + len(packet.options)
    assert len(packet.options) % 4 == 0
    assert len(packet.source) == len(packet.destination) == 4
    head = bytes([0x40 | header_octets // 4, packet.service])
    head += (header_octets + len(packet.payload)).to_bytes(2, "big")
    head += packet.identification.to_bytes(2, "big") + packet.fragment.to_bytes(2, "big")
    head += bytes([packet.time_to_live, packet.protocol])
    tail = packet.source + packet.destination + packet.options
    checksum = internet_checksum(head + tail)
    return head + checksum.to_bytes(2, "big") + tail + packet.payload


@dataclass(frozen=True, slots=True)
class Ipv6:
    """An IPv6 header and what follows it. Addresses have 16 octets."""

    source: bytes
    destination: bytes
    next_header: int
    payload: bytes
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0


def parse_ipv6(packet: bytes) -> Ipv6:
    """The packet behind an Ethernet header; padding after its payload is ignored.

    Raises WireError if it is cut off or has another version.
    """
    need(packet, IPV6_HEADER_OCTETS, "IPv6 header")
    first_word = int.from_bytes(packet[0:4], "big")
    check(first_word >> 28 == 6, "IPv6: version")
    end = IPV6_HEADER_OCTETS + int.from_bytes(packet[4:6], "big")
    need(packet, end, "IPv6 packet")
    return Ipv6(
        source=packet[8:24],
        destination=packet[24:40],
        next_header=packet[6],
        payload=packet[IPV6_HEADER_OCTETS:end],
        hop_limit=packet[7],
        traffic_class=first_word >> 20 & 0xFF,
        flow_label=first_word & 0xFFFFF,
    )


def build_ipv6(packet: Ipv6) -> bytes:
    """Header and payload; the inverse of parse_ipv6."""
    assert len(packet.source) == len(packet.destination) == 16
    first_word = 6 << 28 | packet.traffic_class << 20 | packet.flow_label
    head = first_word.to_bytes(4, "big") + len(packet.payload).to_bytes(2, "big")
    limits = bytes([packet.next_header, packet.hop_limit])
    return head + limits + packet.source + packet.destination + packet.payload
