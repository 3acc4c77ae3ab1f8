# Which number decides the port that a frame leaves by? The compiled twin of pybondd/balance:
# hashing.py, dissect.py and words.py here, encap.py and tunnels.py in _fast_encap.pxi, under the
# same names. The reasons stand there; here stands only why each access is inside the frame.
#
# Convention: `frame[i]` is legal for i < length. A function that reads without looking says in its
# first comment what its callers have checked. Offsets cannot overflow 32 bits: a walk takes 16
# steps of at most 2048 octets, and a frame is never longer than 65 KiB and a header.

include "_fast_names.pxi"
include "_fast_encap.pxi"

# -- hashing.py
# mutants: on, killed by tests/test_hash_twins.py tests/conformance/test_hash.py

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
    cdef uint8_t protocol
    cdef uint32_t transport = ETHERNET_HEADER_OCTETS
    cdef bint is_icmp
    if not ip_header(flow, frame, length, ethertype, &transport, &protocol):
        return False
    is_icmp = protocol == PROTOCOL_ICMP or protocol == PROTOCOL_ICMPV6
    flow.icmp_word = icmp_word(frame, length, transport) if is_icmp else 0
    if not is_icmp_error(frame, length, protocol, transport):
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
        protocol[0] = frame[header + 9]
        if be16(frame, header + 6) & FRAGMENT_BITS:
            protocol[0] = NO_PROTOCOL
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
    cdef uint32_t i
    for i in range(8):
        word ^= le32(frame, header + 8 + 4 * i)
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
