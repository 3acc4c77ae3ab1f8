"""How does an encap dissection get over the rarer headers?

One function per header, each with the walk standing at its first octet. Linux 6.12
flow_dissector.c, the function or case label named in each docstring.
"""

from typing import Final

from pybondd.balance.walk import Step, Walk
from pybondd.balance.words import be16, le32
from pybondd.wire import ethertypes

ETHERNET_HEADER_OCTETS: Final = 14
"""Of a whole frame inside GRE."""

GRE_HEADER_OCTETS: Final = 4
GRE_FIELD_OCTETS: Final = 4
GRE_CHECKSUM: Final = 0x8000
GRE_ROUTING: Final = 0x4000
GRE_KEY: Final = 0x2000
GRE_SEQUENCE: Final = 0x1000
GRE_ACKNOWLEDGEMENT: Final = 0x0080
GRE_VERSION: Final = 0x0007
"""RFC 2784 2, RFC 2890 2; the acknowledgement and version 1 are RFC 2637 4.1."""

PPP_HEADER_OCTETS: Final = 4
"""Address, control and protocol, as PPTP sends them."""
PPP_NETWORKS: Final = {0x0021: ethertypes.IPV4, 0x0057: ethertypes.IPV6}
PPP_WELL_FORMED_MASK: Final = 0x0101
PPP_WELL_FORMED: Final = 0x0001
"""RFC 1661 2: the low octet of a PPP protocol is odd, the high one even."""

PPPOE_HEADER_OCTETS: Final = 8
"""Six of PPPoE and the two of the PPP protocol (RFC 2516 4)."""
PPPOE_VERSION_AND_TYPE: Final = 0x11

TIPC_HEADER_OCTETS: Final = 16
FCOE_HEADER_OCTETS: Final = 38
PTP_HEADER_OCTETS: Final = 34
REDUNDANCY_TAG_OCTETS: Final = 6
"""Size and sequence, then the EtherType of what follows (IEC 62439-3:2016)."""

BATMAN_OCTETS: Final = 24
"""A unicast header of 10 octets and the Ethernet header in it."""
BATMAN_UNICAST: Final = 0x40
BATMAN_VERSION: Final = 15


def gre_step(walk: Walk) -> Step:
    """Generic routing encapsulation: step over it, or stop where we do not know the variety.

    __skb_flow_dissect_gre.
    """
    if not walk.has(GRE_HEADER_OCTETS):
        return Step.FAIL
    flags = be16(walk.frame, walk.offset)
    version = flags & GRE_VERSION
    walk.ethertype = be16(walk.frame, walk.offset + 2)
    if flags & GRE_ROUTING or version > 1:
        return Step.STOP
    is_pptp = walk.ethertype == ethertypes.PPP_IN_GRE and flags & GRE_KEY
    if version == 1 and not is_pptp:
        return Step.STOP
    if not skip_gre_fields(walk, flags):
        return Step.FAIL
    return ppp_in_gre_step(walk, flags) if version == 1 else inside_gre_step(walk)


def skip_gre_fields(walk: Walk, flags: int) -> bool:
    """Step over the header and its optional fields; False if the key is cut off.

    Of the optional fields Linux reads only the key, so only the key has to be there.
    """
    walk.offset += GRE_HEADER_OCTETS
    if flags & GRE_CHECKSUM:
        walk.offset += GRE_FIELD_OCTETS
    if flags & GRE_KEY:
        if not walk.has(GRE_FIELD_OCTETS):
            return False
        walk.offset += GRE_FIELD_OCTETS
    if flags & GRE_SEQUENCE:
        walk.offset += GRE_FIELD_OCTETS
    return True


def inside_gre_step(walk: Walk) -> Step:
    """What version 0 carries: a network protocol or a whole Ethernet frame."""
    if walk.ethertype == ethertypes.TRANSPARENT_ETHERNET:
        if not walk.has(ETHERNET_HEADER_OCTETS):
            return Step.FAIL
        walk.ethertype = be16(walk.frame, walk.offset + 12)
        walk.offset += ETHERNET_HEADER_OCTETS
    return Step.NETWORK


def ppp_in_gre_step(walk: Walk, flags: int) -> Step:
    """What version 1 carries: PPP, of which IPv4 and IPv6 are understood."""
    if flags & GRE_ACKNOWLEDGEMENT:
        walk.offset += GRE_FIELD_OCTETS
    if not walk.has(PPP_HEADER_OCTETS):
        return Step.FAIL
    ppp_protocol = be16(walk.frame, walk.offset + 2)
    # Any other number leaves the EtherType of PPP in GRE, which no network step knows.
    walk.ethertype = PPP_NETWORKS.get(ppp_protocol, walk.ethertype)
    walk.offset += PPP_HEADER_OCTETS
    return Step.NETWORK


def pppoe_step(walk: Walk) -> Step:
    """PPP over Ethernet session. case ETH_P_PPP_SES."""
    if not walk.has(PPPOE_HEADER_OCTETS):
        return Step.FAIL
    version_and_type, code = walk.frame[walk.offset], walk.frame[walk.offset + 1]
    if version_and_type != PPPOE_VERSION_AND_TYPE or code != 0:
        return Step.FAIL
    ppp_protocol = be16(walk.frame, walk.offset + 6)
    walk.offset += PPPOE_HEADER_OCTETS
    if ppp_protocol in PPP_NETWORKS:
        walk.ethertype = PPP_NETWORKS[ppp_protocol]
        return Step.NETWORK
    # MPLS and every other well-formed protocol hold no key of ours.
    is_well_formed = ppp_protocol & PPP_WELL_FORMED_MASK == PPP_WELL_FORMED
    return Step.STOP if is_well_formed else Step.FAIL


def tipc_step(walk: Walk) -> Step:
    """TIPC: the originating node stands for both addresses. case ETH_P_TIPC.

    Linux differs for keep-alive messages: it takes a random number, to spread them.
    """
    if not walk.has(TIPC_HEADER_OCTETS):
        return Step.FAIL
    walk.addresses = le32(walk.frame, walk.offset + 12)
    return Step.STOP


def fcoe_step(walk: Walk) -> Step:
    """Fibre Channel over Ethernet: must be whole, holds no key. case ETH_P_FCOE."""
    return Step.STOP if walk.has(FCOE_HEADER_OCTETS) else Step.FAIL


def ptp_step(walk: Walk) -> Step:
    """Precision time protocol: must be whole, holds no key. case ETH_P_1588."""
    return Step.STOP if walk.has(PTP_HEADER_OCTETS) else Step.FAIL


def redundancy_step(walk: Walk) -> Step:
    """HSR or PRP tag: step over it. case ETH_P_HSR."""
    if not walk.has(REDUNDANCY_TAG_OCTETS):
        return Step.FAIL
    walk.ethertype = be16(walk.frame, walk.offset + 4)
    walk.offset += REDUNDANCY_TAG_OCTETS
    return Step.NETWORK


def batman_step(walk: Walk) -> Step:
    """B.A.T.M.A.N. advanced unicast: step over it and the Ethernet header behind it.

    __skb_flow_dissect_batadv.
    """
    if not walk.has(BATMAN_OCTETS):
        return Step.FAIL
    packet_type, version = walk.frame[walk.offset], walk.frame[walk.offset + 1]
    if packet_type != BATMAN_UNICAST or version != BATMAN_VERSION:
        return Step.FAIL
    walk.ethertype = be16(walk.frame, walk.offset + 22)
    walk.offset += BATMAN_OCTETS
    return Step.NETWORK
