"""What do encap2+3 and encap3+4 find in a frame?

Encap dissection walks through tags and tunnels as far as it understands them and keeps what it saw
last: the innermost addresses and ports decide. Each function below is one header. Linux 6.12
flow_dissector.c __skb_flow_dissect, with the keys of bond_main.c flow_keys_bonding.
"""

from typing import Final

from pybondd.balance.dissect import (
    ETHERNET_HEADER_OCTETS,
    FRAGMENT_BITS,
    ICMP_ERRORS,
    IPV4_HEADER_OCTETS,
    IPV6_HEADER_OCTETS,
    Flow,
)
from pybondd.balance.tunnels import (
    batman_step,
    fcoe_step,
    gre_step,
    pppoe_step,
    ptp_step,
    redundancy_step,
    tipc_step,
)
from pybondd.balance.walk import Step, Walk
from pybondd.balance.words import be16, icmp_word, ipv4_addresses, ipv6_addresses, ports_word
from pybondd.wire import ethertypes, protocols

MAX_HEADER_CHANGES: Final = 15
"""Linux 6.12 flow_dissector.c MAX_FLOW_DISSECT_HDRS. What lies deeper is left alone."""

VLAN_TAG_OCTETS: Final = 4
IPV4_HEADER_MIN_WORDS: Final = 5
EXTENSION_MIN_OCTETS: Final = 2
EXTENSION_UNIT_OCTETS: Final = 8
FRAGMENT_HEADER_OCTETS: Final = 8

VLAN_TYPES: Final = frozenset({ethertypes.VLAN, ethertypes.SERVICE_VLAN})
OPAQUE_TYPES: Final = frozenset(
    {
        ethertypes.MPLS_UNICAST,
        ethertypes.MPLS_MULTICAST,
        ethertypes.ARP,
        ethertypes.RARP,
        ethertypes.CFM,
    }
)
"""Understood, and nothing in them is a key of the hash. Linux 6.1 does not know CFM yet."""

EXTENSIONS: Final = frozenset(
    {protocols.HOP_BY_HOP, protocols.ROUTING, protocols.DESTINATION_OPTIONS}
)


def dissect_encapsulated(frame: bytes, *, has_tag_outside: bool) -> Flow | None:
    """Innermost addresses and ports of a frame; None if it is not understood.

    `has_tag_outside`: a VLAN tag was taken out of the frame.
    """
    ethertype = be16(frame, 12)
    walk = Walk(frame, network_offset(frame), ethertype, ethertype, has_tag_outside)
    step = Step.NETWORK
    for _ in range(1 + MAX_HEADER_CHANGES):
        step = network_step(walk) if step is Step.NETWORK else transport_step(walk)
        if step is Step.FAIL:
            return None
        if step is Step.STOP:
            break
    return Flow(walk.addresses, walk.ports, walk.icmp_word)


def network_offset(frame: bytes) -> int:
    """Where Linux believes the network header to be: behind all tags that are in the frame.

    A VLAN interface on a VLAN interface puts its tag between the addresses and a network header
    that was marked before, and the mark stays (Linux 6.12 if_vlan.h vlan_insert_tag). The walk then
    reads an IP header as if it were a tag, and mostly fails. The bond does so; so do we.
    """
    tag = ETHERNET_HEADER_OCTETS - 2
    while be16(frame, tag) in VLAN_TYPES:
        tag += VLAN_TAG_OCTETS
    return tag + 2


def network_step(walk: Walk) -> Step:
    """Look at the header that `ethertype` names."""
    if walk.ethertype == ethertypes.IPV4:
        return ipv4_step(walk)
    if walk.ethertype == ethertypes.IPV6:
        return ipv6_step(walk)
    if walk.ethertype in VLAN_TYPES:
        return vlan_step(walk)
    if walk.ethertype in OPAQUE_TYPES:
        return Step.STOP
    step = RARE_STEPS.get(walk.ethertype)
    return step(walk) if step else Step.FAIL


RARE_STEPS: Final = {
    ethertypes.PPPOE_SESSION: pppoe_step,
    ethertypes.TIPC: tipc_step,
    ethertypes.FCOE: fcoe_step,
    ethertypes.PTP: ptp_step,
    ethertypes.HSR: redundancy_step,
    ethertypes.PRP: redundancy_step,
    ethertypes.BATMAN: batman_step,
}


def ipv4_step(walk: Walk) -> Step:
    """Note the addresses; look behind the header unless it is a fragment's."""
    if not walk.has(IPV4_HEADER_OCTETS):
        return Step.FAIL
    header = walk.offset
    header_words = walk.frame[header] & 0x0F
    if header_words < IPV4_HEADER_MIN_WORDS:
        return Step.FAIL
    walk.addresses = ipv4_addresses(walk.frame, header)
    walk.protocol = walk.frame[header + 9]
    walk.offset = header + 4 * header_words
    if be16(walk.frame, header + 6) & FRAGMENT_BITS:
        return Step.STOP
    return transport_step(walk)


def ipv6_step(walk: Walk) -> Step:
    """Note the addresses; look behind the header."""
    if not walk.has(IPV6_HEADER_OCTETS):
        return Step.FAIL
    walk.addresses = ipv6_addresses(walk.frame, walk.offset)
    walk.protocol = walk.frame[walk.offset + 6]
    walk.offset += IPV6_HEADER_OCTETS
    return transport_step(walk)


def vlan_step(walk: Walk) -> Step:
    """Step over a tag.

    The first tag met is believed to be the one outside, if there is one: the walk goes back to the
    frame's own EtherType and does not move, even when this tag lies deep inside a tunnel.
    """
    if walk.has_tag_outside:
        walk.has_tag_outside = False
        walk.ethertype = walk.frame_ethertype
        return Step.NETWORK
    if not walk.has(VLAN_TAG_OCTETS):
        return Step.FAIL
    walk.ethertype = be16(walk.frame, walk.offset + 2)
    walk.offset += VLAN_TAG_OCTETS
    return Step.NETWORK


def transport_step(walk: Walk) -> Step:
    """Look at the header that `protocol` names."""
    if walk.protocol == protocols.GRE:
        return gre_step(walk)
    if walk.protocol == protocols.IPV4:
        walk.ethertype = ethertypes.IPV4
        return Step.NETWORK
    if walk.protocol == protocols.IPV6:
        walk.ethertype = ethertypes.IPV6
        return Step.NETWORK
    if walk.ethertype == ethertypes.IPV6 and walk.protocol in EXTENSIONS:
        return extension_step(walk)
    if walk.ethertype == ethertypes.IPV6 and walk.protocol == protocols.FRAGMENT:
        # Also a fragment that is the whole packet: Linux does not look at its offset here.
        return Step.STOP if walk.has(FRAGMENT_HEADER_OCTETS) else Step.FAIL
    if walk.protocol in ICMP_ERRORS:
        # Unlike plain dissection, an error is not hashed like the flow that it reports on.
        walk.icmp_word = icmp_word(walk.frame, walk.offset)
    walk.ports = ports_word(walk.frame, walk.protocol, walk.offset)
    return Step.STOP


def extension_step(walk: Walk) -> Step:
    """Step over an IPv6 extension header."""
    if not walk.has(EXTENSION_MIN_OCTETS):
        return Step.FAIL
    walk.protocol = walk.frame[walk.offset]
    walk.offset += EXTENSION_UNIT_OCTETS * (1 + walk.frame[walk.offset + 1])
    # Noted already here: if this was the last header allowed, these are the ports that count.
    walk.ports = ports_word(walk.frame, walk.protocol, walk.offset)
    return Step.TRANSPORT
