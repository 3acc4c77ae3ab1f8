"""What do layer2+3 and layer3+4 find in a frame?

Plain dissection looks at one IP header right behind the Ethernet header and at nothing else:
no tag, no tunnel, no IPv6 extension header. Its one extra is the ICMP error, which is hashed like
the flow that it reports on. Linux 6.12 bond_main.c bond_flow_ip and bond_flow_dissect.
"""

from dataclasses import dataclass
from typing import Final

from pybondd.balance.words import (
    ICMP_HEADER_OCTETS,
    be16,
    has,
    icmp_word,
    ipv4_addresses,
    ipv6_addresses,
    ports_word,
)
from pybondd.wire import ethertypes, protocols

ETHERNET_HEADER_OCTETS: Final = 14
IPV4_HEADER_OCTETS: Final = 20
IPV6_HEADER_OCTETS: Final = 40

FRAGMENT_BITS: Final = 0x3FFF
"""More-fragments and the offset in the IPv4 flags word. Don't-fragment and the reserved bit lie
above and change nothing."""

NO_PROTOCOL: Final = 0
"""A fragment's protocol: we must not look behind its IP header. 0 has neither ports nor ICMP."""

ICMP_ERRORS: Final = {
    protocols.ICMP: frozenset({3, 4, 5, 11, 12}),
    protocols.ICMPV6: frozenset({1, 2, 3, 4}),
}
"""Types that carry the head of the packet they complain about (RFC 792, RFC 4443 2.1)."""


@dataclass(slots=True)
class Flow:
    """What a dissection found; everything it did not find stays 0.

    `addresses` is source xor destination; `icmp_word` is not 0 only if an identifier is in it.
    """

    addresses: int = 0
    ports: int = 0
    icmp_word: int = 0


def dissect_plain(frame: bytes) -> Flow | None:
    """Addresses, ports and ICMP word of an untagged IP frame; None if it is none."""
    flow = Flow()
    ethertype = be16(frame, 12)
    found = ip_header(flow, frame, ethertype, ETHERNET_HEADER_OCTETS)
    if found is None:
        return None
    protocol, transport = found
    flow.icmp_word = icmp_word(frame, transport) if protocol in ICMP_ERRORS else 0
    if not is_icmp_error(frame, protocol, transport):
        return flow
    # The addresses and ports of the embedded packet replace those of the error. They stand there
    # in the other direction; the addresses' xor does not care, the ports word does, as in Linux.
    embedded = transport + ICMP_HEADER_OCTETS
    return flow if ip_header(flow, frame, ethertype, embedded) else None


def ip_header(flow: Flow, frame: bytes, ethertype: int, header: int) -> tuple[int, int] | None:
    """Note addresses and ports of the IP packet at `header`; (protocol, offset behind it) or None.

    Neither version nor a header length below 5
    words is refused: Linux does not look.
    """
    if ethertype == ethertypes.IPV4 and has(frame, header, IPV4_HEADER_OCTETS):
        flow.addresses = ipv4_addresses(frame, header)
        transport = header + 4 * (frame[header] & 0x0F)
        protocol = frame[header + 9]
        if be16(frame, header + 6) & FRAGMENT_BITS:
            protocol = NO_PROTOCOL
    elif ethertype == ethertypes.IPV6 and has(frame, header, IPV6_HEADER_OCTETS):
        flow.addresses = ipv6_addresses(frame, header)
        transport = header + IPV6_HEADER_OCTETS
        protocol = frame[header + 6]
    else:
        return None
    flow.ports = ports_word(frame, protocol, transport)
    return protocol, transport


def is_icmp_error(frame: bytes, protocol: int, offset: int) -> bool:
    """Whether a whole ICMP header stands at `offset` and reports an error on another packet."""
    if protocol not in ICMP_ERRORS or not has(frame, offset, ICMP_HEADER_OCTETS):
        return False
    return frame[offset] in ICMP_ERRORS[protocol]
