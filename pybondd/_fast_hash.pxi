# Which number decides the port that a frame leaves by? The compiled twin of pybondd/balance:
# hashing.py, dissect.py, encap.py, tunnels.py and words.py, in that order, under the same names.
# The reasons stand there; here stands only why each access is inside the frame.
#
# Convention: `frame[i]` is legal for i < length. A function that reads without looking says in its
# first comment what its callers have checked. Offsets cannot overflow 32 bits: a walk takes 16
# steps of at most 2048 octets, and a frame is never longer than 65 KiB and a header.

from libc.stdint cimport uint8_t, uint16_t, uint32_t

# -- forwarding.py HashPolicy

cdef enum:
    POLICY_LAYER2 = 0
    POLICY_LAYER34 = 1
    POLICY_LAYER23 = 2
    POLICY_ENCAP23 = 3
    POLICY_ENCAP34 = 4
    POLICY_VLAN_SRCMAC = 5

# -- wire/ethertypes.py

cdef enum:
    ETHERTYPE_IPV4 = 0x0800
    ETHERTYPE_ARP = 0x0806
    ETHERTYPE_BATMAN = 0x4305
    ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558
    ETHERTYPE_RARP = 0x8035
    ETHERTYPE_VLAN = 0x8100
    ETHERTYPE_IPV6 = 0x86DD
    ETHERTYPE_PPP_IN_GRE = 0x880B
    ETHERTYPE_MPLS_UNICAST = 0x8847
    ETHERTYPE_MPLS_MULTICAST = 0x8848
    ETHERTYPE_PPPOE_SESSION = 0x8864
    ETHERTYPE_SERVICE_VLAN = 0x88A8
    ETHERTYPE_TIPC = 0x88CA
    ETHERTYPE_PTP = 0x88F7
    ETHERTYPE_PRP = 0x88FB
    ETHERTYPE_CFM = 0x8902
    ETHERTYPE_FCOE = 0x8906
    ETHERTYPE_HSR = 0x892F

# -- wire/protocols.py

cdef enum:
    PROTOCOL_HOP_BY_HOP = 0
    PROTOCOL_ICMP = 1
    PROTOCOL_IPV4 = 4
    PROTOCOL_TCP = 6
    PROTOCOL_UDP = 17
    PROTOCOL_DCCP = 33
    PROTOCOL_IPV6 = 41
    PROTOCOL_ROUTING = 43
    PROTOCOL_FRAGMENT = 44
    PROTOCOL_GRE = 47
    PROTOCOL_ESP = 50
    PROTOCOL_AUTHENTICATION = 51
    PROTOCOL_ICMPV6 = 58
    PROTOCOL_DESTINATION_OPTIONS = 60
    PROTOCOL_SCTP = 132
    PROTOCOL_UDP_LITE = 136

# -- sizes in octets, and other numbers of dissect.py, encap.py, tunnels.py and words.py

cdef enum:
    ETHERNET_HEADER_OCTETS = 14
    VLAN_TAG_OCTETS = 4
    IPV4_HEADER_OCTETS = 20
    IPV4_HEADER_MIN_WORDS = 5
    IPV6_HEADER_OCTETS = 40
    ICMP_HEADER_OCTETS = 8
    AUTHENTICATION_INDEX_OFFSET = 4
    EXTENSION_MIN_OCTETS = 2
    EXTENSION_UNIT_OCTETS = 8
    FRAGMENT_HEADER_OCTETS = 8
    GRE_HEADER_OCTETS = 4
    GRE_FIELD_OCTETS = 4
    PPP_HEADER_OCTETS = 4
    PPPOE_HEADER_OCTETS = 8
    TIPC_HEADER_OCTETS = 16
    FCOE_HEADER_OCTETS = 38
    PTP_HEADER_OCTETS = 34
    REDUNDANCY_TAG_OCTETS = 6
    BATMAN_OCTETS = 24

cdef enum:
    MAX_HEADER_CHANGES = 15
    NO_PROTOCOL = 0
    FRAGMENT_BITS = 0x3FFF
    GRE_CHECKSUM = 0x8000
    GRE_ROUTING = 0x4000
    GRE_KEY = 0x2000
    GRE_SEQUENCE = 0x1000
    GRE_ACKNOWLEDGEMENT = 0x0080
    GRE_VERSION = 0x0007
    PPP_IPV4 = 0x0021
    PPP_IPV6 = 0x0057
    PPP_WELL_FORMED_MASK = 0x0101
    PPP_WELL_FORMED = 0x0001
    PPPOE_VERSION_AND_TYPE = 0x11
    BATMAN_UNICAST = 0x40
    BATMAN_VERSION = 15

# -- dissect.py Flow, walk.py Step and Walk

cdef struct Flow:
    uint32_t addresses
    uint32_t ports
    uint32_t icmp_word

cdef enum Step:
    STEP_FAIL
    STEP_STOP
    STEP_NETWORK
    STEP_TRANSPORT

cdef struct Walk:
    const uint8_t *frame
    uint32_t length
    uint32_t offset
    uint16_t ethertype
    uint16_t frame_ethertype
    bint has_tag_outside
    uint8_t protocol
    Flow flow


# -- hashing.py

cdef uint32_t transmit_hash(
    int policy, const uint8_t *frame, uint32_t length, uint16_t tci
) noexcept nogil:
    cdef Flow flow
    if length < ETHERNET_HEADER_OCTETS:
        return 0
    if policy == POLICY_LAYER2:
        return layer2_word(frame)
    if policy == POLICY_VLAN_SRCMAC:
        return tag_and_source_word(frame, tci)
    if not dissected(&flow, policy, frame, length, tci):
        return layer2_word(frame)
    if policy == POLICY_LAYER23 or policy == POLICY_ENCAP23:
        return fold(layer2_word(frame) ^ flow.addresses)
    return fold((flow.icmp_word or flow.ports) ^ flow.addresses) >> 1


cdef inline bint dissected(
    Flow *flow, int policy, const uint8_t *frame, uint32_t length, uint16_t tci
) noexcept nogil:
    if policy == POLICY_ENCAP23 or policy == POLICY_ENCAP34:
        return dissect_encapsulated(flow, frame, length, tci != 0)
    return dissect_plain(flow, frame, length)


cdef inline uint32_t layer2_word(const uint8_t *frame) noexcept nogil:
    # transmit_hash has seen a whole Ethernet header: 14 octets.
    return frame[5] ^ frame[11] ^ be16(frame, 12)


cdef inline uint32_t tag_and_source_word(const uint8_t *frame, uint16_t tci) noexcept nogil:
    # transmit_hash has seen a whole Ethernet header: 14 octets.
    cdef uint32_t vendor = <uint32_t>frame[6] << 16 | <uint32_t>frame[7] << 8 | frame[8]
    cdef uint32_t device = <uint32_t>frame[9] << 16 | <uint32_t>frame[10] << 8 | frame[11]
    return tci ^ vendor ^ device


cdef inline uint32_t fold(uint32_t word) noexcept nogil:
    word ^= word >> 16
    return word ^ word >> 8


# -- dissect.py

cdef inline bint dissect_plain(Flow *flow, const uint8_t *frame, uint32_t length) noexcept nogil:
    # transmit_hash has seen a whole Ethernet header, so the EtherType at 12 is there.
    cdef uint16_t ethertype = be16(frame, 12)
    cdef uint8_t protocol = NO_PROTOCOL
    cdef uint32_t transport = ETHERNET_HEADER_OCTETS
    flow.icmp_word = 0
    if not ip_header(flow, frame, length, ethertype, &transport, &protocol):
        return False
    if not is_icmp_error(frame, length, protocol, transport):
        if protocol == PROTOCOL_ICMP or protocol == PROTOCOL_ICMPV6:
            flow.icmp_word = icmp_word(frame, length, transport)
        return True
    transport += ICMP_HEADER_OCTETS
    return ip_header(flow, frame, length, ethertype, &transport, &protocol)


cdef inline bint ip_header(
    Flow *flow, const uint8_t *frame, uint32_t length, uint16_t ethertype,
    uint32_t *offset, uint8_t *protocol,
) noexcept nogil:
    # `offset` comes in at the header and goes out behind it, where the twin returns a pair.
    cdef uint32_t header = offset[0]
    if ethertype == ETHERTYPE_IPV4 and has(length, header, IPV4_HEADER_OCTETS):
        # 20 octets are there; 9 is the last single one read, 16 to 19 the last word.
        flow.addresses = ipv4_addresses(frame, header)
        offset[0] = header + 4 * (frame[header] & 0x0F)
        if be16(frame, header + 6) & FRAGMENT_BITS == 0:
            protocol[0] = frame[header + 9]
    elif ethertype == ETHERTYPE_IPV6 and has(length, header, IPV6_HEADER_OCTETS):
        # 40 octets are there.
        flow.addresses = ipv6_addresses(frame, header)
        offset[0] = header + IPV6_HEADER_OCTETS
        protocol[0] = frame[header + 6]
    else:
        return False
    flow.ports = ports_word(frame, length, protocol[0], offset[0])
    return True


cdef inline bint is_icmp_error(
    const uint8_t *frame, uint32_t length, uint8_t protocol, uint32_t offset
) noexcept nogil:
    if not has(length, offset, ICMP_HEADER_OCTETS):
        return False
    # 8 octets are there; the type is the first.
    if protocol == PROTOCOL_ICMP:
        return frame[offset] in (3, 4, 5, 11, 12)
    if protocol == PROTOCOL_ICMPV6:
        return frame[offset] in (1, 2, 3, 4)
    return False


# -- encap.py

cdef inline bint dissect_encapsulated(
    Flow *flow, const uint8_t *frame, uint32_t length, bint has_tag_outside
) noexcept nogil:
    # transmit_hash has seen a whole Ethernet header, so the EtherType at 12 is there.
    cdef uint16_t ethertype = be16(frame, 12)
    cdef Walk walk = [
        frame, length, network_offset(frame, length), ethertype, ethertype, has_tag_outside,
        NO_PROTOCOL, [0, 0, 0],
    ]
    cdef Step step = STEP_NETWORK
    for _ in range(1 + MAX_HEADER_CHANGES):
        step = network_step(&walk) if step == STEP_NETWORK else transport_step(&walk)
        if step == STEP_FAIL:
            return False
        if step == STEP_STOP:
            break
    flow[0] = walk.flow
    return True


cdef inline uint32_t network_offset(const uint8_t *frame, uint32_t length) noexcept nogil:
    cdef uint32_t tag = ETHERNET_HEADER_OCTETS - 2
    # Both octets of the type are looked for before they are read; each turn moves on by 4.
    while has(length, tag, 2) and is_vlan_type(be16(frame, tag)):
        tag += VLAN_TAG_OCTETS
    return tag + 2


cdef inline bint is_vlan_type(uint16_t ethertype) noexcept nogil:
    return ethertype == ETHERTYPE_VLAN or ethertype == ETHERTYPE_SERVICE_VLAN


cdef Step network_step(Walk *walk) noexcept nogil:
    if walk.ethertype == ETHERTYPE_IPV4:
        return ipv4_step(walk)
    if walk.ethertype == ETHERTYPE_IPV6:
        return ipv6_step(walk)
    if is_vlan_type(walk.ethertype):
        return vlan_step(walk)
    if walk.ethertype in (
        ETHERTYPE_MPLS_UNICAST, ETHERTYPE_MPLS_MULTICAST, ETHERTYPE_ARP, ETHERTYPE_RARP,
        ETHERTYPE_CFM,
    ):
        return STEP_STOP
    return rare_step(walk)


cdef Step rare_step(Walk *walk) noexcept nogil:
    if walk.ethertype == ETHERTYPE_PPPOE_SESSION:
        return pppoe_step(walk)
    if walk.ethertype == ETHERTYPE_TIPC:
        return tipc_step(walk)
    if walk.ethertype == ETHERTYPE_FCOE:
        return fcoe_step(walk)
    if walk.ethertype == ETHERTYPE_PTP:
        return ptp_step(walk)
    if walk.ethertype == ETHERTYPE_HSR or walk.ethertype == ETHERTYPE_PRP:
        return redundancy_step(walk)
    if walk.ethertype == ETHERTYPE_BATMAN:
        return batman_step(walk)
    return STEP_FAIL


cdef inline Step ipv4_step(Walk *walk) noexcept nogil:
    cdef uint32_t header = walk.offset
    cdef uint32_t header_words
    if not left(walk, IPV4_HEADER_OCTETS):
        return STEP_FAIL
    # 20 octets are there; 9 is the last single one read, 16 to 19 the last word.
    header_words = walk.frame[header] & 0x0F
    if header_words < IPV4_HEADER_MIN_WORDS:
        return STEP_FAIL
    walk.flow.addresses = ipv4_addresses(walk.frame, header)
    walk.protocol = walk.frame[header + 9]
    walk.offset = header + 4 * header_words
    if be16(walk.frame, header + 6) & FRAGMENT_BITS:
        return STEP_STOP
    return transport_step(walk)


cdef inline Step ipv6_step(Walk *walk) noexcept nogil:
    if not left(walk, IPV6_HEADER_OCTETS):
        return STEP_FAIL
    # 40 octets are there.
    walk.flow.addresses = ipv6_addresses(walk.frame, walk.offset)
    walk.protocol = walk.frame[walk.offset + 6]
    walk.offset += IPV6_HEADER_OCTETS
    return transport_step(walk)


cdef inline Step vlan_step(Walk *walk) noexcept nogil:
    if walk.has_tag_outside:
        walk.has_tag_outside = False
        walk.ethertype = walk.frame_ethertype
        return STEP_NETWORK
    if not left(walk, VLAN_TAG_OCTETS):
        return STEP_FAIL
    # 4 octets are there; the type is the last two.
    walk.ethertype = be16(walk.frame, walk.offset + 2)
    walk.offset += VLAN_TAG_OCTETS
    return STEP_NETWORK


cdef Step transport_step(Walk *walk) noexcept nogil:
    cdef bint is_ipv6 = walk.ethertype == ETHERTYPE_IPV6
    if walk.protocol == PROTOCOL_GRE:
        return gre_step(walk)
    if walk.protocol == PROTOCOL_IPV4:
        walk.ethertype = ETHERTYPE_IPV4
        return STEP_NETWORK
    if walk.protocol == PROTOCOL_IPV6:
        walk.ethertype = ETHERTYPE_IPV6
        return STEP_NETWORK
    if is_ipv6 and walk.protocol in (
        PROTOCOL_HOP_BY_HOP, PROTOCOL_ROUTING, PROTOCOL_DESTINATION_OPTIONS
    ):
        return extension_step(walk)
    if is_ipv6 and walk.protocol == PROTOCOL_FRAGMENT:
        return STEP_STOP if left(walk, FRAGMENT_HEADER_OCTETS) else STEP_FAIL
    if walk.protocol == PROTOCOL_ICMP or walk.protocol == PROTOCOL_ICMPV6:
        walk.flow.icmp_word = icmp_word(walk.frame, walk.length, walk.offset)
    walk.flow.ports = ports_word(walk.frame, walk.length, walk.protocol, walk.offset)
    return STEP_STOP


cdef inline Step extension_step(Walk *walk) noexcept nogil:
    cdef uint32_t extension = walk.offset
    if not left(walk, EXTENSION_MIN_OCTETS):
        return STEP_FAIL
    # 2 octets are there: the next header and the length.
    walk.protocol = walk.frame[extension]
    walk.offset = extension + EXTENSION_UNIT_OCTETS * (1 + walk.frame[extension + 1])
    walk.flow.ports = ports_word(walk.frame, walk.length, walk.protocol, walk.offset)
    return STEP_TRANSPORT


# -- tunnels.py

cdef Step gre_step(Walk *walk) noexcept nogil:
    cdef uint16_t flags, version
    cdef bint is_pptp
    if not left(walk, GRE_HEADER_OCTETS):
        return STEP_FAIL
    # 4 octets are there: flags and type.
    flags = be16(walk.frame, walk.offset)
    version = flags & GRE_VERSION
    walk.ethertype = be16(walk.frame, walk.offset + 2)
    if flags & GRE_ROUTING or version > 1:
        return STEP_STOP
    is_pptp = walk.ethertype == ETHERTYPE_PPP_IN_GRE and flags & GRE_KEY != 0
    if version == 1 and not is_pptp:
        return STEP_STOP
    if not skip_gre_fields(walk, flags):
        return STEP_FAIL
    return ppp_in_gre_step(walk, flags) if version == 1 else inside_gre_step(walk)


cdef inline bint skip_gre_fields(Walk *walk, uint16_t flags) noexcept nogil:
    walk.offset += GRE_HEADER_OCTETS
    if flags & GRE_CHECKSUM:
        walk.offset += GRE_FIELD_OCTETS
    if flags & GRE_KEY:
        if not left(walk, GRE_FIELD_OCTETS):
            return False
        walk.offset += GRE_FIELD_OCTETS
    if flags & GRE_SEQUENCE:
        walk.offset += GRE_FIELD_OCTETS
    return True


cdef inline Step inside_gre_step(Walk *walk) noexcept nogil:
    if walk.ethertype == ETHERTYPE_TRANSPARENT_ETHERNET:
        if not left(walk, ETHERNET_HEADER_OCTETS):
            return STEP_FAIL
        # 14 octets are there; the type is the last two.
        walk.ethertype = be16(walk.frame, walk.offset + 12)
        walk.offset += ETHERNET_HEADER_OCTETS
    return STEP_NETWORK


cdef inline Step ppp_in_gre_step(Walk *walk, uint16_t flags) noexcept nogil:
    cdef uint16_t ppp_protocol
    if flags & GRE_ACKNOWLEDGEMENT:
        walk.offset += GRE_FIELD_OCTETS
    if not left(walk, PPP_HEADER_OCTETS):
        return STEP_FAIL
    # 4 octets are there; the protocol is the last two.
    ppp_protocol = be16(walk.frame, walk.offset + 2)
    if ppp_protocol == PPP_IPV4:
        walk.ethertype = ETHERTYPE_IPV4
    elif ppp_protocol == PPP_IPV6:
        walk.ethertype = ETHERTYPE_IPV6
    walk.offset += PPP_HEADER_OCTETS
    return STEP_NETWORK


cdef Step pppoe_step(Walk *walk) noexcept nogil:
    cdef uint32_t header = walk.offset
    cdef uint16_t ppp_protocol
    if not left(walk, PPPOE_HEADER_OCTETS):
        return STEP_FAIL
    # 8 octets are there; the PPP protocol is the last two.
    if walk.frame[header] != PPPOE_VERSION_AND_TYPE or walk.frame[header + 1] != 0:
        return STEP_FAIL
    ppp_protocol = be16(walk.frame, header + 6)
    walk.offset += PPPOE_HEADER_OCTETS
    if ppp_protocol == PPP_IPV4:
        walk.ethertype = ETHERTYPE_IPV4
        return STEP_NETWORK
    if ppp_protocol == PPP_IPV6:
        walk.ethertype = ETHERTYPE_IPV6
        return STEP_NETWORK
    return STEP_STOP if ppp_protocol & PPP_WELL_FORMED_MASK == PPP_WELL_FORMED else STEP_FAIL


cdef inline Step tipc_step(Walk *walk) noexcept nogil:
    if not left(walk, TIPC_HEADER_OCTETS):
        return STEP_FAIL
    # 16 octets are there; the node is the last four.
    walk.flow.addresses = le32(walk.frame, walk.offset + 12)
    return STEP_STOP


cdef inline Step fcoe_step(Walk *walk) noexcept nogil:
    return STEP_STOP if left(walk, FCOE_HEADER_OCTETS) else STEP_FAIL


cdef inline Step ptp_step(Walk *walk) noexcept nogil:
    return STEP_STOP if left(walk, PTP_HEADER_OCTETS) else STEP_FAIL


cdef inline Step redundancy_step(Walk *walk) noexcept nogil:
    if not left(walk, REDUNDANCY_TAG_OCTETS):
        return STEP_FAIL
    # 6 octets are there; the type is the last two.
    walk.ethertype = be16(walk.frame, walk.offset + 4)
    walk.offset += REDUNDANCY_TAG_OCTETS
    return STEP_NETWORK


cdef inline Step batman_step(Walk *walk) noexcept nogil:
    cdef uint32_t header = walk.offset
    if not left(walk, BATMAN_OCTETS):
        return STEP_FAIL
    # 24 octets are there; the type is the last two.
    if walk.frame[header] != BATMAN_UNICAST or walk.frame[header + 1] != BATMAN_VERSION:
        return STEP_FAIL
    walk.ethertype = be16(walk.frame, header + 22)
    walk.offset += BATMAN_OCTETS
    return STEP_NETWORK


# -- words.py, and Walk.has

cdef inline bint has(uint32_t length, uint32_t offset, uint32_t size_octets) noexcept nogil:
    return offset + size_octets <= length


cdef inline bint left(const Walk *walk, uint32_t size_octets) noexcept nogil:
    return has(walk.length, walk.offset, size_octets)


cdef inline uint16_t be16(const uint8_t *frame, uint32_t offset) noexcept nogil:
    # The caller has seen that offset + 2 <= length.
    return <uint16_t>(frame[offset] << 8 | frame[offset + 1])


cdef inline uint32_t le32(const uint8_t *frame, uint32_t offset) noexcept nogil:
    # The caller has seen that offset + 4 <= length. One load on a little-endian machine.
    return (
        frame[offset]
        | <uint32_t>frame[offset + 1] << 8
        | <uint32_t>frame[offset + 2] << 16
        | <uint32_t>frame[offset + 3] << 24
    )


cdef inline uint32_t ipv4_addresses(const uint8_t *frame, uint32_t header) noexcept nogil:
    # The caller has seen 20 octets at header.
    return le32(frame, header + 12) ^ le32(frame, header + 16)


cdef inline uint32_t ipv6_addresses(const uint8_t *frame, uint32_t header) noexcept nogil:
    # The caller has seen 40 octets at header; the last word is 36 to 39.
    cdef uint32_t word = 0
    cdef uint32_t offset
    for offset in range(8, 40, 4):
        word ^= le32(frame, header + offset)
    return word


cdef inline uint32_t ports_word(
    const uint8_t *frame, uint32_t length, uint8_t protocol, uint32_t offset
) noexcept nogil:
    if protocol == PROTOCOL_AUTHENTICATION:
        offset += AUTHENTICATION_INDEX_OFFSET
    elif protocol not in (
        PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_DCCP, PROTOCOL_ESP, PROTOCOL_SCTP, PROTOCOL_UDP_LITE
    ):
        return 0
    return le32(frame, offset) if has(length, offset, 4) else 0


cdef inline uint32_t icmp_word(
    const uint8_t *frame, uint32_t length, uint32_t offset
) noexcept nogil:
    cdef uint32_t identifier
    if not has(length, offset, ICMP_HEADER_OCTETS):
        return 0
    # 8 octets are there; 5 is the last one read.
    if frame[offset] not in (0, 8, 13, 14, 128, 129):
        return 0
    identifier = be16(frame, offset + 4)
    if identifier == 0:
        identifier = 1
    return frame[offset] | <uint32_t>frame[offset + 1] << 8 | identifier << 16
