# What do encap2+3 and encap3+4 find in a frame? The compiled twin of balance/encap.py and
# balance/tunnels.py. See _fast_hash.pxi for what is promised about each access.
# mutants: on, killed by tests/test_hash_twins.py tests/conformance/test_hash.py

# -- encap.py

cdef inline bint dissect_encapsulated(
    Flow *flow, const uint8_t *frame, uint32_t length, bint has_tag_outside
) noexcept nogil:
    # transmit_hash has seen a whole Ethernet header, so the EtherType at 12 is there.
    cdef Walk walk
    cdef Step step = STEP_NETWORK
    walk.frame = frame
    walk.length = length
    walk.offset = network_offset(frame, length)
    walk.ethertype = walk.frame_ethertype = be16(frame, 12)
    walk.has_tag_outside = has_tag_outside
    walk.flow.addresses = walk.flow.ports = walk.flow.icmp_word = 0
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
